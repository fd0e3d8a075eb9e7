import { seededRandom } from '../../src/director/random.js'
import type { BoundScheduler, Flow, Scheduler } from '../../src/sched/scheduler.js'
import { Counters } from '../../src/service/counters.js'
import { DestinationTable, type Destination } from '../../src/service/destination.js'
import { Service } from '../../src/service/service.js'
import { Sysctls } from '../../src/service/sysctls.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'
import { addrOctets, readU32 } from '../support/octets.js'

export const TCP = 6
export const UDP = 17
export const SCTP = 132
export const SH_MH_FALLBACK = 1
export const SH_MH_PORT = 2

/** '10.0.0.1' as the director has it. */
export function addr(text: string): Ipv4Addr {
  return (readU32(addrOctets(text), 0) | 0) as Ipv4Addr
}

/** A flow of a client, 'address[:port]', to a virtual address. */
export function flowOf(client = '10.0.0.1:40000', vaddr = '198.51.100.1', protocol = TCP): Flow {
  const [caddr = '', cport = '0'] = client.split(':')
  return { protocol, caddr: addr(caddr), cport: Number(cport), vaddr: addr(vaddr), vport: 80 }
}

/** A service and its scheduler, told of every change as the director tells it. Servers are 10.1.0.1:80, .2, … by their coming. */
export class Pool {
  readonly sysctls = new Sysctls()
  readonly service: Service
  now = 0
  readonly bound: BoundScheduler
  readonly #dests = new Map<string, Destination>()
  readonly #table = new DestinationTable(new Counters())

  constructor(scheduler: Scheduler, schedFlags = 0) {
    const identity = { protocol: TCP, addr: addr('198.51.100.1'), port: 80, mark: 0 }
    const settings = { persistence: 0, netmask: -1 as Ipv4Addr, onePacket: false, schedFlags }
    this.service = new Service(identity, settings, 0, this.sysctls)
    this.bound = scheduler.bind(this.service, seededRandom(1))
  }

  dest(name: string): Destination {
    return this.#dests.get(name)!
  }
  nameOf(dest: Destination | undefined): string {
    return [...this.#dests].find(([, known]) => known === dest)?.[0] ?? '-'
  }
  /** One that was removed comes back with its counts, as from the trash. */
  add(name: string, weight: number): void {
    const server = (addr('10.1.0.1') + this.#dests.size) as Ipv4Addr
    const dest = this.#dests.get(name) ?? this.#table.create(this.service, server, 80)
    this.#dests.set(name, dest)
    dest.configure(weight, 0, 0)
    dest.available = true
    this.service.destinations.unshift(dest)
    this.bound.added?.(dest)
  }
  edit(name: string, weight: number): void {
    const dest = this.dest(name)
    dest.reconfigure(weight, dest.upperThreshold, dest.lowerThreshold)
    this.bound.edited?.(dest)
  }
  remove(name: string): void {
    const dest = this.dest(name)
    const index = this.service.destinations.indexOf(dest)
    this.service.destinations.splice(index, 1)
    dest.available = false
    this.bound.removed?.(dest, index)
  }
  /** Sets the connections of a destination, active and inactive; an overload goes with it. */
  load(name: string, active: number, inactive: number): void {
    const dest = this.dest(name)
    this.relieve(name)
    while (dest.activeConns < active) dest.countActive(1)
    while (dest.activeConns > active) dest.countActive(-1)
    while (dest.totalConns < active + inactive) dest.bind()
    while (dest.totalConns > active + inactive) dest.unbind()
  }
  /** Has it overloaded with the connections it has, one at least. */
  overload(name: string): void {
    const dest = this.dest(name)
    if (dest.totalConns > 0) dest.unbind()
    dest.reconfigure(dest.weight, dest.totalConns + 1, 0)
    dest.bind()
  }
  relieve(name: string): void {
    const dest = this.dest(name)
    dest.reconfigure(dest.weight, 0, 0)
  }
  /** The name of who gets the next connection, '-' for nobody. */
  pick(flow = flowOf()): string {
    return this.nameOf(this.bound.schedule(flow, this.now))
  }
}

/**
 * '+A=3 ~A=2 -A !A ?A 5': adds, edits, removes, overloads, relieves, and picks five times. Answers the picks.
 */
export function play(scheduler: Scheduler, script: string): string {
  const pool = new Pool(scheduler)
  return script
    .split(' ')
    .map(word => {
      const [, what, name = '', weight] = /^([-+~!?])(\w)(?:=(\d+))?$/.exec(word) ?? []
      if (what === '+') pool.add(name, Number(weight))
      else if (what === '~') pool.edit(name, Number(weight))
      else if (what === '-') pool.remove(name)
      else if (what === '!') pool.overload(name)
      else if (what === '?') pool.relieve(name)
      else return Array.from({ length: Number(word) }, () => pool.pick()).join('')
      return ''
    })
    .join('')
}

/**
 * Destinations in list order, newest first: 'A=weight active+inactive, …', a '!' behind those that are overloaded. Who
 * gets the next connection.
 */
export function choose(scheduler: Scheduler, list: string): string {
  const pool = new Pool(scheduler)
  for (const text of list.split(', ').filter(Boolean).toReversed()) {
    const [, name = '', weight, active, inactive, over] = /^(\w)=(\d+) (\d+)\+(\d+)(!?)$/.exec(text) ?? []
    pool.add(name, Number(weight))
    pool.load(name, Number(active), Number(inactive))
    if (over) pool.overload(name)
  }
  return pool.pick()
}
