import { Director } from '../src/director/director.js'
import { DeviceEgress, Loop } from '../src/director/loop.js'
import { parseIpv4 } from '../src/wire/addr.js'
import { cables } from './cables.js'
import { allFramesCounted } from './all-frames-counted.js'
import { VirtualHost } from './virtual-host.js'
import { HttpLoad } from './http-load.js'
import { HttpServer } from './http-server.js'
import { directorAddresses, type LabPlan, type PlannedHost } from './lab-plan.js'
import type { LoadFigures } from './lab-report.js'
import type { MemoryDevice } from './memory-device.js'
import { Network } from './network.js'
import { Switch } from './switch.js'
import { TcpEndpoint } from './tcp-endpoint.js'

/** The tick of statistics (ipvs-behaviour.md §11.2). */
const TICK_MS = 2100
const LIMIT_MS = 120_000

export interface SimLabOptions {
  seed: number
  /** Hosts leave checksums to their devices, as Linux does on a veth; otherwise every frame has its checksums. */
  offload?: boolean
}

export interface SimNode {
  host: VirtualHost
  tcp: TcpEndpoint
}

export interface SimServer extends SimNode {
  name: string
  http: HttpServer
}

/** A lab with two arms, in memory and virtual time: it needs no root, and the same seed gives the same run. */
export class SimLab {
  readonly network = new Network()
  readonly director: Director
  readonly devices: readonly MemoryDevice[]
  readonly client: SimNode
  readonly servers: readonly SimServer[]
  readonly #plan: LabPlan

  constructor(plan: LabPlan, { seed, offload = false }: SimLabOptions) {
    this.#plan = plan
    const cable = cables({ offload })
    const node = (planned: PlannedHost, device: MemoryDevice): SimNode => {
      const host = new VirtualHost({ ...planned, device, offload })
      return { host, tcp: host.speak(new TcpEndpoint(host, ++seed)) }
    }

    const [clients, servers] = plan.arms
    if (!servers || plan.mode !== 'nat') throw new RangeError(`mode ${plan.mode} cannot be simulated`)
    const [clientArm, clientEnd] = cable(clients.link, plan.client.name)
    const [serverArm, trunk] = cable(servers.link, 'trunk')
    const ports = [trunk]
    this.client = node(plan.client, clientEnd)
    this.servers = plan.servers.map(planned => {
      const [port, end] = cable(`to-${planned.name}`, planned.name)
      ports.push(port)
      const server = node(planned, end)
      const http = new HttpServer(`${planned.name}\n`)
      server.tcp.listen(plan.port, http.accept)
      return { ...server, name: planned.name, http }
    })
    this.devices = [clientArm, serverArm]
    this.director = new Director({
      links: this.devices.map(({ name, mac, mtu }) => ({ name, mac, mtu })),
      egress: new DeviceEgress(this.devices),
      addresses: directorAddresses(plan),
      seed,
      now: this.network.now,
    })
    this.network.add(this.client.host, new Loop(this.director, this.devices), new Switch(ports))
    this.network.add(...this.servers.map(server => server.host))
  }

  /** Runs the load to its end. */
  load(requests: number, concurrency: number): LoadFigures {
    const addr = parseIpv4(this.#plan.vip)
    if (addr === undefined) throw new RangeError(this.#plan.vip)
    const load = new HttpLoad(this.client.tcp, { addr, port: this.#plan.port, requests, concurrency })
    const since = this.network.now
    this.network.add(load)
    this.network.run(() => load.done, LIMIT_MS)
    allFramesCounted(this.director)
    const seconds = (this.network.now - since) / 1000
    const { answered } = load
    return { answered, failed: requests - answered, seconds, requestsPerSecond: answered / seconds, p99Ms: load.p99Ms }
  }

  /** Waits for the 2-second tick at which statistics become visible. */
  tick(): void {
    this.network.pass(TICK_MS)
  }

  server(name: string): SimServer {
    const server = this.servers.find(it => it.name === name)
    if (!server) throw new RangeError(`no real server ${name}`)
    return server
  }

  /** Packets that the client or a server received with a wrong checksum. */
  get checksumErrors(): number {
    return [this.client, ...this.servers].reduce((sum, { host }) => sum + host.errors.checksum, 0)
  }
}
