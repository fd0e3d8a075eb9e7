import { seededRandom } from '../../src/director/random.js'
import { schedulers } from '../../src/sched/index.js'
import type { Flow, Scheduler } from '../../src/sched/scheduler.js'
import { Counters } from '../../src/service/counters.js'
import { DestinationTable } from '../../src/service/destination.js'
import { SchedFlag } from '../../src/service/service-settings.js'
import { Service } from '../../src/service/service.js'
import { Sysctls } from '../../src/service/sysctls.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'
import type { Group, Measure } from './measure.js'
import { timed } from './timed.js'

const SERVERS = 64
const VIP = 0x0a000064 as Ipv4Addr
/** Virtual addresses, for schedulers that use them. */
const ADDRESSES = 1024

/**
 * The cost of choosing a server: 64 of weights 1 to 64, all eligible, each choice counted as a connection and, 64 choices
 * later, as ended. Separately, the cost of a refusal, and of the probes of sh-fallback and mh-fallback when one in 64 is left.
 */
export function scheduling(): Group[] {
  const all = [...schedulers.values()]
  const hashing = all.filter(({ name }) => name === 'sh' || name === 'mh')
  const measures = [
    ...all.map(scheduler => choice(scheduler)),
    ...all.map(scheduler => refusal(scheduler, 0)),
    ...hashing.map(scheduler => refusal(scheduler, SchedFlag.FALLBACK)),
    ...hashing.map(fallback),
  ]
  return [{ name: 'scheduling', measures }]
}

function choice(scheduler: Scheduler): Measure {
  return timed(`scheduling, ${scheduler.name}, ${SERVERS} servers`, 1, () => {
    const { bound, flow, next } = poolOf(scheduler, 0)
    const recent: (ReturnType<typeof bound.schedule> | undefined)[] = Array.from({ length: SERVERS })
    let at = 0
    return () => {
      next()
      const dest = bound.schedule(flow, 0)
      recent[at]?.countActive(-1)
      recent[at]?.unbind()
      dest?.bind()
      dest?.countActive(1)
      recent[at] = dest
      at = (at + 1) % SERVERS
    }
  })
}

/** All servers are overloaded. */
function refusal(scheduler: Scheduler, schedFlags: number): Measure {
  return timed(`refusal, ${scheduler.name}${schedFlags ? '-fallback' : ''}, ${SERVERS} servers`, 1, () => {
    const { bound, flow, next, dests } = poolOf(scheduler, schedFlags)
    for (const dest of dests) overload(dest)
    return () => {
      next()
      bound.schedule(flow, 0)
    }
  })
}

/** One server is eligible: the lightest, which takes the most probes from most buckets. */
function fallback(scheduler: Scheduler): Measure {
  return timed(`fallback walk, ${scheduler.name}, one of ${SERVERS} left`, 1, () => {
    const { bound, flow, next, dests } = poolOf(scheduler, SchedFlag.FALLBACK)
    for (const dest of dests.slice(1)) overload(dest)
    return () => {
      next()
      bound.schedule(flow, 0)
    }
  })
}

function poolOf(scheduler: Scheduler, schedFlags: number) {
  const table = new DestinationTable(new Counters())
  const settings = { persistence: 0, netmask: -1 as Ipv4Addr, onePacket: false, schedFlags }
  const service = new Service({ protocol: 6, addr: VIP, port: 80, mark: 0 }, settings, 0, new Sysctls())
  const bound = scheduler.bind(service, seededRandom(1))
  const dests = Array.from({ length: SERVERS }, (_, i) => {
    const dest = table.create(service, (0x0a010001 + i) as Ipv4Addr, 8080)
    dest.configure(i + 1, 0, 0)
    dest.available = true
    service.destinations.unshift(dest)
    bound.added?.(dest)
    return dest
  })
  const flow: Flow = { protocol: 6, caddr: 0 as Ipv4Addr, cport: 0, vaddr: VIP, vport: 80 }
  let i = 0
  const next = () => {
    i++
    flow.caddr = Math.imul(i, 0x9e3779b1) as Ipv4Addr
    flow.cport = i & 0xffff
    flow.vaddr = (VIP + (i % ADDRESSES)) as Ipv4Addr
  }
  return { bound, flow, next, dests }
}

function overload(dest: ReturnType<typeof poolOf>['dests'][number]): void {
  dest.reconfigure(dest.weight, 1, 0)
  dest.bind()
}
