/*
 * UDP frames a second that arrive without loss.
 *
 *   client: udp-generator ───── the balancer ───── real server: udp-sink
 *   64 flows, one way         VIP:9 → RIP:9         one socket, counted by its filter
 *
 * Each frame has 60 octets on the veth, 64 with the frame check sequence of real Ethernet. A run with only routing in between
 * shows the limit of the sender and the sink themselves.
 */
import { boundCpus, keepOff } from './cpus-apart.js'
import { LineProcess } from './line-process.js'
import type { Namespaces } from '../../netns-lab/namespaces.js'
import type { NetnsLab } from '../../netns-lab/netns-lab.js'
import { highestRate, type Trial, type Try } from './rate-search.js'
import { ours } from '../../netns-lab/tools.js'

/** Discard (RFC 863): the port of the virtual service and of the sink. */
export const UDP_PORT = 9
export const UDP_FLOWS = 64

const WARM_UP_PER_SECOND = 50_000
const WARM_UP_SECONDS = 0.7

export interface UdpEnds {
  /** The namespaces of the generator and the sink. */
  client: string
  server: string
  /** The address that the client sends to. */
  address: string
}

/** The command of a program of load/. */
function program(name: string, ...args: (string | number)[]): string[] {
  return [process.execPath, ours(`bench/wire/load/${name}.js`), ...args.map(String)]
}

/** A running generator and sink. */
export class UdpLoad {
  #run = 0

  private constructor(
    readonly generator: LineProcess,
    readonly sink: LineProcess,
  ) {}

  static start(spaces: Namespaces, { client, server, address }: UdpEnds): UdpLoad {
    const sink = new LineProcess(spaces, server, 'udp-sink', program('udp-sink', UDP_PORT))
    const command = program('udp-generator', address, UDP_PORT, UDP_FLOWS)
    return new UdpLoad(new LineProcess(spaces, client, 'udp-generator', command), sink)
  }

  /**
   * Sends from a lab's client to its virtual address or another one; the first real server receives. The
   * generator never waits, and Linux leaves it for seconds on a CPU to which the director is bound, while another CPU is
   * idle: so the generator is kept off the director's CPUs.
   */
  static async through({ spaces, options: { plan } }: NetnsLab, address = plan.vip): Promise<UdpLoad> {
    const load = UdpLoad.start(spaces, { client: plan.client.name, server: plan.servers[0]!.name, address })
    keepOff(load.generator.pid, boundCpus(await spaces.pids('director')))
    return load
  }

  /** One run. Duplicate frames count once, those of an earlier run do not count. */
  readonly run: Try = async (perSecond, seconds): Promise<Trial> => {
    const run = ++this.#run
    await this.sink.ask(`begin ${run}`)
    const out = JSON.parse(await this.generator.ask(`${run} ${perSecond} ${seconds}`)) as Omit<Trial, 'lost'>
    return { ...out, lost: out.sent - Number(await this.sink.ask('end')) }
  }

  async end(): Promise<void> {
    await Promise.all([this.generator.end(), this.sink.end()])
  }
}

/**
 * The highest rate without loss, in frames a second, found in about 8 s: to the virtual address unless another is given. UDP_PORT
 * must already lead to the first real server. Connections, neighbours and JavaScript are warmed up first.
 */
export async function udpRate(lab: NetnsLab, address?: string): Promise<number> {
  const load = await UdpLoad.through(lab, address)
  try {
    await warmUp(load)
    return await highestRate(load.run)
  } finally {
    await load.end()
  }
}

/** Opens the connections, resolves the neighbours, gets the JavaScript compiled. Throws when nothing arrives. */
export async function warmUp(load: UdpLoad): Promise<void> {
  const { sent, lost } = await load.run(WARM_UP_PER_SECOND, WARM_UP_SECONDS)
  if (lost === sent) throw new Error(`of ${sent} UDP datagrams none came through`)
}
