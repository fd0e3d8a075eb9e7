import type { LabPlan } from '../native-free/lab-plan.js'
import { buildTopology } from './build-topology.js'
import { DirectorProcess } from './director-process.js'
import { Ledger } from './ledger.js'
import { Namespaces } from './namespaces.js'
import { prepareRealServer } from './real-server.js'
import { startWebServer, type WebServer, type WebServerOptions } from './web-server.js'

export interface NetnsLabOptions {
  /** The prefix of its namespaces' names: 'uvs-nat-'. Labs with different prefixes can exist side by side. */
  prefix: string
  plan: LabPlan
  io: 'raw' | 'tap' | 'libpcap'
  /** The lab outlives this process, until `uvs lab down`. */
  stays?: boolean
  signal?: AbortSignal
  web?: Partial<WebServerOptions>
  /** Who opens tunnels on real servers: `uvs realserver start --decap`. */
  decap?: string | undefined
}

/** A lab of network namespaces with its servers running; `startDirector` starts a director in it. */
export class NetnsLab {
  readonly servers = new Map<string, WebServer>()
  readonly #directors: DirectorProcess[] = []

  private constructor(
    readonly spaces: Namespaces,
    readonly options: NetnsLabOptions,
  ) {}

  /** Builds the lab, or leaves nothing behind. Throws LabStands if a lab with this prefix is in use. */
  static async build(options: NetnsLabOptions): Promise<NetnsLab> {
    const { prefix, plan, io, stays = false, signal, web, decap } = options
    const ledger = await Ledger.open(prefix, { stays })
    const lab = new NetnsLab(new Namespaces(ledger, signal), options)
    try {
      await buildTopology(lab.spaces, plan, io)
      const prepared = plan.servers.map(({ name, method: mode = plan.mode }) => {
        return prepareRealServer(lab.spaces, { ...plan, mode }, name, decap)
      })
      await Promise.all(prepared)
      for (const { name } of plan.servers) {
        lab.servers.set(name, await startWebServer(lab.spaces, name, { port: plan.port, ...web }))
      }
      return lab
    } catch (error) {
      await lab.remove()
      throw error
    }
  }

  get url(): string {
    const { vip, port } = this.options.plan
    return `http://${vip}${port === 80 ? '' : `:${port}`}/`
  }

  async startDirector(...options: string[]): Promise<DirectorProcess> {
    const director = await DirectorProcess.start(this.spaces, this.options.plan, this.options.io, options)
    this.#directors.push(director)
    return director
  }

  /** Packets with a wrong checksum, as counted by the client's and the servers' kernels. */
  async checksumErrors(): Promise<number> {
    const names = ['client', ...this.servers.keys()]
    const counts = await Promise.all(names.map(name => this.#count(name, 'InCsumErrors')))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** TCP connections that the client's kernel has opened. */
  connectionsOpened(): Promise<number> {
    return this.#count('client', 'ActiveOpens')
  }

  /** Ends the lab's processes and removes everything. May be called again. Rejects then if a director has lost count of frames. */
  async remove(): Promise<void> {
    const uncounted = await Promise.all(this.#directors.map(director => director.uncounted()))
    await this.spaces.ledger.remove()
    for (const line of uncounted) if (line !== undefined) throw new Error(line)
  }

  async #count(name: string, counter: string): Promise<number> {
    return snmpCounter(await this.spaces.must(name, 'cat', ['/proc/net/snmp']), counter)
  }
}

/** The sum of a counter over protocols in /proc/net/snmp, where each protocol has a line of names, then a line of values. */
export function snmpCounter(snmp: string, name: string): number {
  const lines = snmp
    .trim()
    .split('\n')
    .map(line => line.split(' '))
  let sum = 0
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const at = lines[i]!.indexOf(name)
    if (at > 0) sum += Number(lines[i + 1]![at])
  }
  return sum
}
