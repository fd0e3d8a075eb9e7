import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DirectorProcess } from '../director-process.js'
import { Ledger } from '../ledger.js'
import { Namespaces } from '../namespaces.js'
import { identify, isAlive, until } from '../proc.js'
import { startRealServer } from '../real-server.js'
import { which } from '../tools.js'
import { startWebServer, type WebServer } from '../web-server.js'
import { type Balancer, hosts, type Peer, PORT, type Server, SERVERS, serversText, VIPS, vrrpText } from './ha-plan.js'

export interface HaLabOptions {
  prefix: string
  peer: Peer
  stays?: boolean
  signal?: AbortSignal
}

/** A director takes long to start where the machine is busy. */
const START_MS = 30_000
const END_MS = 30_000
/** The ports that the client's kernel gives to whoever names none. */
const OTHERS_PORTS = [32_000, 65_000]
/** The size of the file that the client downloads, in octets. */
export const BIG_OCTETS = 200_000_000

/** The network with its real servers; directors come and go. */
export class HaLab {
  readonly webs = new Map<string, WebServer>()
  readonly #directors = new Map<Balancer, DirectorProcess>()

  private constructor(
    readonly spaces: Namespaces,
    readonly peer: Peer,
  ) {}

  /** Builds the lab, or leaves nothing behind. Throws LabStands if a lab with this prefix is in use. */
  static async build({ prefix, peer, stays = false, signal }: HaLabOptions): Promise<HaLab> {
    const lab = new HaLab(new Namespaces(await Ledger.open(prefix, { stays }), signal), peer)
    try {
      await lab.#build()
      return lab
    } catch (error) {
      await lab.remove()
      throw error
    }
  }

  async #build(): Promise<void> {
    const { spaces } = this
    for (const name of [...Object.keys(hosts()), 'wire']) await spaces.add(name)
    for (const [name, address] of Object.entries(hosts())) {
      await spaces.cable(name, 'eth0', 'wire', `to-${name}`)
      await spaces.ip(name, 'addr', 'add', address, 'dev', 'eth0')
    }
    await spaces.bridge(
      'wire',
      'br0',
      Object.keys(hosts()).map(name => `to-${name}`),
    )
    // A port that comes round again may still have its connection, whose packets are dropped once its real server has gone: none that the
    // client's own requests come from (ha-client.ts) is given to ab or to a download.
    await spaces.must('client', 'sysctl', ['-qw', `net.ipv4.ip_local_port_range=${OTHERS_PORTS.join(' ')}`])
    const servers = Object.keys(SERVERS) as Server[]
    await Promise.all(servers.map(name => startRealServer(spaces, HaLab.realServer(), name)))
    for (const name of servers) await this.serve(name)
    for (const name of ['lb1', 'lb2'] as const) {
      writeFileSync(this.file(`${name}.conf`), this.speaksVrrp(name) ? vrrpText(name) + serversText() : serversText())
      if (!this.speaksVrrp(name)) writeFileSync(this.file(`${name}-vrrp.conf`), vrrpText(name))
    }
  }

  /** The `uvs` arguments that make a host a real server. */
  static realServer(): string[] {
    return ['realserver', 'start', ...VIPS.flatMap(vip => ['--vip', vip])]
  }

  file(name: string): string {
    return join(this.spaces.ledger.dir, name)
  }
  /** Whether the director's uvs speaks VRRP, not keepalived beside it. */
  speaksVrrp(name: Balancer): boolean {
    return name === 'lb1' || this.peer === 'uvs'
  }

  /** The files that the programs of the directors write to; those of programs that are not started yet are not there. */
  logs(): { who: Balancer; path: string }[] {
    return [
      { who: 'lb1', path: this.file('lb1.log') },
      { who: 'lb2', path: this.file('lb2.log') },
      { who: 'lb2', path: this.file('lb2-keepalived.log') },
    ]
  }

  /** The commands that run on a director, as typed: first that of the control socket. */
  commands(name: Balancer): string[][] {
    const files = ['--control', this.spaces.ledger.controlIn(name), '--keepalived', this.file(`${name}.conf`)]
    const uvs = ['uvs', 'director', '--raw', 'eth0', ...files]
    if (this.speaksVrrp(name)) return [uvs]
    const pidFiles = ['-p', this.file(`${name}.pid`), '-r', this.file(`${name}-vrrp.pid`)]
    const config = this.file(`${name}-vrrp.conf`)
    return [uvs, ['keepalived', '--vrrp', '--dont-fork', '--log-console', '--log-detail', '-f', config, ...pidFiles]]
  }

  /** Starts a director; resolves when frames flow. */
  async start(name: Balancer): Promise<void> {
    const [uvs, keepalived] = this.commands(name)
    const where = { space: name, control: this.spaces.ledger.controlIn(name), limitMs: START_MS }
    this.#directors.set(name, await DirectorProcess.startWith(this.spaces, uvs!.slice(1), where))
    if (keepalived) this.spaces.start(name, `${name}-keepalived`, which('keepalived')!, keepalived.slice(1))
  }

  /** By kill -9: nothing is put in order. Resolves when it is gone. */
  async kill(name: Balancer): Promise<void> {
    const { id } = this.#directors.get(name)!
    process.kill(id.pid, 'SIGKILL')
    await until(() => !isAlive(id), END_MS, this.spaces.signal)
  }

  async serve(name: Server): Promise<void> {
    this.webs.set(name, await startWebServer(this.spaces, name, { port: PORT, bigOctets: BIG_OCTETS }))
  }
  async killWeb(name: Server): Promise<void> {
    const id = identify(this.webs.get(name)!.pid)
    if (!id) return
    process.kill(id.pid, 'SIGKILL')
    await until(() => !isAlive(id), END_MS, this.spaces.signal)
  }

  /** Pulls a director's cable out of the switch, or puts it in again. */
  async cable(name: Balancer, state: 'up' | 'down'): Promise<void> {
    await this.spaces.ip('wire', 'link', 'set', `to-${name}`, state)
  }

  /** The virtual addresses that a director's kernel holds. */
  async held(name: Balancer): Promise<string[]> {
    const shown = await this.spaces.must(name, 'ip', ['-4', 'addr', 'show', 'dev', 'eth0'])
    return VIPS.filter(vip => shown.includes(`${vip}/`))
  }

  remove(): Promise<void> {
    return this.spaces.ledger.remove()
  }
}
