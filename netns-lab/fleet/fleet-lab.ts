import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DirectorProcess } from '../director-process.js'
import { Ledger } from '../ledger.js'
import { Namespaces } from '../namespaces.js'
import { isAlive, until } from '../proc.js'
import { startRealServer } from '../real-server.js'
import { ours, which } from '../tools.js'
import { startWebServer, type WebServer } from '../web-server.js'
import { METRICS } from './announced.js'
import { allHave, FleetEtcd } from './fleet-etcd.js'
import {
  CLIENT,
  CLIENTS_ROUTER,
  DIRECTOR_ADDRESS,
  type DirectorName,
  DIRECTORS,
  KEPT,
  METHOD,
  NETWORK_BITS,
  PORT,
  ROUTER,
  rules,
  SERVER_ADDRESS,
  type ServerName,
  SERVERS,
  TRANSLATED,
  weightRules,
  withDefines,
} from './fleet-plan.js'

export interface FleetLabOptions {
  prefix: string
  stays?: boolean
  signal?: AbortSignal
}

const END_MS = 30_000
const BY_PORTS = ['net.ipv4.fib_multipath_hash_policy=3', 'net.ipv4.fib_multipath_hash_fields=0x37']
/** Of a file that no download comes to the end of, in octets. */
const BIG_OCTETS = 20e9

/** The network with its router, real servers and BGP daemons; directors come and go. */
export class FleetLab {
  readonly webs = new Map<ServerName, WebServer>()
  readonly #directors = new Map<DirectorName, DirectorProcess>()

  /** Undefined: it is not installed, and each director has a file of rules. */
  readonly etcd: FleetEtcd | undefined

  private constructor(readonly spaces: Namespaces) {
    this.etcd = FleetEtcd.isThere ? new FleetEtcd(spaces) : undefined
  }

  /** Builds the lab, or leaves nothing behind. Throws LabStands if a lab with this prefix is in use. */
  static async build({ prefix, stays = false, signal }: FleetLabOptions): Promise<FleetLab> {
    const lab = new FleetLab(new Namespaces(await Ledger.open(prefix, { stays }), signal))
    try {
      await lab.#network()
      await lab.#servers()
      lab.#daemons()
      await lab.etcd?.start(lab.file('etcd'))
      return lab
    } catch (error) {
      await lab.remove()
      throw error
    }
  }

  async #network(): Promise<void> {
    const { spaces } = this
    const onLan = { router: ROUTER, ...DIRECTOR_ADDRESS, ...SERVER_ADDRESS }
    for (const name of [...Object.keys(onLan), 'client', 'wire']) await spaces.add(name)
    for (const [name, address] of Object.entries(onLan)) {
      const own = name === 'router' ? 'lan' : 'eth0'
      await spaces.cable(name, own, 'wire', `to-${name}`)
      await spaces.ip(name, 'addr', 'add', `${address}/${NETWORK_BITS}`, 'dev', own)
      if (name !== 'router') await spaces.ip(name, 'route', 'add', 'default', 'via', ROUTER)
    }
    const ports = Object.keys(onLan).map(name => `to-${name}`)
    await spaces.bridge('wire', 'br0', ports)
    await spaces.cable('client', 'eth0', 'router', 'out')
    await spaces.ip('client', 'addr', 'add', `${CLIENT}/${NETWORK_BITS}`, 'dev', 'eth0')
    await spaces.ip('router', 'addr', 'add', `${CLIENTS_ROUTER}/${NETWORK_BITS}`, 'dev', 'out')
    await spaces.ip('client', 'route', 'add', 'default', 'via', CLIENTS_ROUTER)
    for (const name of DIRECTORS) writeFileSync(this.file(`${name}.rules`), `${rules(name).map(words => words.join(' ')).join('\n')}\n`) // prettier-ignore
    // Buffers that hold less than a second of a download: that its connection is broken shows soon.
    await spaces.must('client', 'sysctl', ['-qw', 'net.ipv4.tcp_rmem=4096 16384 32768'])
    const routes = ['net.ipv4.ip_forward=1', 'net.ipv4.fib_multipath_hash_policy=1']
    await spaces.must('router', 'sysctl', ['-qw', ...routes])
    // Policy 1 takes the hash that the client's socket gave its packets, which veth keeps and wires do not: another one after a timeout, none of a
    // reset. Policy 3 (Linux 5.13) looks at addresses, protocol and ports, as policy 1 does with packets from a wire. Older kernels stay with 1.
    await spaces.run('router', 'sysctl', ['-qw', ...BY_PORTS])
  }

  async #servers(): Promise<void> {
    const { spaces } = this
    await Promise.all(SERVERS.map(name => startRealServer(spaces, FleetLab.realServer(), name)))
    for (const name of SERVERS)
      this.webs.set(name, await startWebServer(spaces, name, { port: PORT, bigOctets: BIG_OCTETS }))
  }

  /** BIRD on the router and on each director, with the files that the package has for them. */
  #daemons(): void {
    this.#bird('router', conf('router'))
    for (const name of DIRECTORS) this.#bird(name, withDefines(conf('director'), { OWN: DIRECTOR_ADDRESS[name] }))
  }
  #bird(space: string, conf: string): void {
    writeFileSync(this.file(`${space}.bird`), conf)
    const files = ['-c', this.file(`${space}.bird`), '-s', this.file(`${space}.ctl`), '-P', this.file(`${space}.pid`)]
    this.spaces.start(space, `bird-${space}`, which('bird')!, ['-f', ...files])
  }

  /** The `uvs` arguments that make a host a real server of the services by direct routing and by tunnel. */
  static realServer(): string[] {
    return ['realserver', 'start', ...KEPT.flatMap(vip => ['--vip', vip]), '--tun']
  }
  /** The arguments of a director, as typed after `uvs`. */
  arguments(name: DirectorName): string[] {
    const control = this.spaces.ledger.controlIn(name)
    const table = ['--max-connections', '65536']
    // All rules at once: with some of its real servers only, mh would choose others than the other directors do.
    const rules = this.etcd
      ? FleetEtcd.options(name, this.file(`${name}.state`))
      : ['--rules', this.file(`${name}.rules`)]
    const announced = ['--fleet', '--announce', 'uvs0', '--withdraw', 'all', ...rules]
    return ['director', '--raw', 'eth0', ...announced, ...table, '--http', METRICS, '--control', control]
  }

  file(name: string): string {
    return join(this.spaces.ledger.dir, name)
  }

  /** Starts a director with its rules. */
  async start(name: DirectorName): Promise<void> {
    const where = { space: name, control: this.spaces.ledger.controlIn(name) }
    this.#directors.set(name, await DirectorProcess.startWith(this.spaces, this.arguments(name), where))
    if (this.etcd) await this.addTranslated(name)
  }
  /** What a director's rules come from, for people. */
  rulesAsTyped(name: DirectorName): string[] {
    const lines = rules(name).map(words => words.join(' '))
    if (!this.etcd) return lines.map(line => `${name}.rules: ${line}`)
    const beside = lines.filter(line => line.includes(TRANSLATED)).map(line => `${name}$ uvsadm ${line}`)
    const ofAll = KEPT.map(vip => `${vip}:${PORT} (${METHOD[vip]})`)
    return [`etcd: ${ofAll.join(' and ')} by mh with ${SERVERS.join(', ')}, for all`, ...beside]
  }
  /** Beside etcd, whose rules are the same for all: of a director's own local address. */
  async addTranslated(name: DirectorName): Promise<void> {
    for (const rule of rules(name).filter(words => words.includes(`${TRANSLATED}:${PORT}`)))
      await this.admin(name, rule)
  }
  /** Sets a weight of the services of KEPT on all directors. Returns how long that took, ms: with etcd from the put on. */
  async setWeight(server: ServerName, weight: number): Promise<number> {
    let fromMs = performance.timeOrigin + performance.now()
    // They are looked at from before on: a program's end after the put would count too.
    const haveIt = allHave(DIRECTORS.map(name => this.spaces.ledger.controlIn(name)), server, weight).then(() => performance.timeOrigin + performance.now()) // prettier-ignore
    haveIt.catch(() => {})
    if (this.etcd) fromMs = await this.etcd.put({ [server]: weight })
    else
      for (const rule of weightRules(server, weight)) await Promise.all(DIRECTORS.map(name => this.admin(name, rule)))
    return (await haveIt) - fromMs
  }
  async admin(name: DirectorName, rule: readonly string[]): Promise<void> {
    const { status, err } = await this.#directors.get(name)!.admin(rule, this.spaces.signal)
    if (status !== 0) throw new Error(`uvsadm ${rule.join(' ')}: status ${status}: ${err.trim()}`)
  }
  /** By kill -9: nothing is put in order. Returns at once. */
  kill(name: DirectorName): void {
    process.kill(this.#directors.get(name)!.id.pid, 'SIGKILL')
  }
  /** `uvs drain --director`; resolves when the director has stopped, with what the command said. */
  async drain(name: DirectorName, deadlineS: number): Promise<string> {
    const { control, id } = this.#directors.get(name)!
    const words = ['drain', '--director', '--deadline', String(deadlineS), '--control', control]
    const limitMs = deadlineS * 1000 + END_MS
    const out = await this.spaces.must(name, process.execPath, [ours('src/cli/uvs/main.js'), ...words], limitMs)
    await until(() => !isAlive(id), END_MS, this.spaces.signal)
    return out
  }
  /** Pulls a director's cable out of the switch, or puts it in again. */
  async cable(name: DirectorName, state: 'up' | 'down'): Promise<void> {
    await this.spaces.ip('wire', 'link', 'set', `to-${name}`, state)
  }

  remove(): Promise<void> {
    return this.spaces.ledger.remove()
  }
}

const conf = (name: string): string => readFileSync(ours(`../packaging/bird/${name}.conf`), 'utf8')
