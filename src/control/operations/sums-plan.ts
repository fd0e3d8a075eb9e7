import type { ListedService } from '../../director/rules/not-yet.js'
import type { Director } from '../../director/director.js'
import { NotYetService } from '../../service/not-yet.js'
import { KEY_COLUMNS, KeyColumn } from '../protocol/service-columns.js'
import { listedServers } from './listing.js'

/** A step ends with the service that reaches so many services and real servers: some hundredths of a millisecond. */
const ROWS_PER_STEP = 256
const NO_COUNTERS = -1

/** What the sums of services are made of while their rules stay: services and real servers are objects all over the memory. */
export interface SumsPlan {
  /** Of the listed services. */
  readonly revision: number
  readonly services: number
  readonly schedulers: readonly string[]
  /** As in ServiceColumns. */
  readonly keys: Int32Array
  /** Three numbers for each service: real servers, of these with a weight above 0, the sum of weights. */
  readonly heads: Float64Array
  /** The row of each service's counters, or NO_COUNTERS: it is not served. */
  readonly counters: Int32Array
  /** Where each service's part of `countsAt` ends. */
  readonly ends: Int32Array
  /** Where the counts of each real server that is served begin. */
  readonly countsAt: Int32Array
}

/** In steps. Of rules that change meanwhile the plan is not: it has the revision from before. */
export function* planning({ balancing }: Director): Generator<void, SumsPlan> {
  const { revision } = balancing.places
  const services = balancing.places.listed()
  const keys = new Int32Array(services.length * KEY_COLUMNS)
  const heads = new Float64Array(services.length * 3)
  const [counters, ends] = [new Int32Array(services.length), new Int32Array(services.length)]
  const [schedulers, countsAt]: [string[], number[]] = [[], []]
  let rows = 0
  for (const [at, service] of services.entries()) {
    const isServed = !(service instanceof NotYetService)
    const scheduler = numberOf(schedulers, isServed ? service.scheduler.name : service.settings.scheduler)
    writeKey(keys, at * KEY_COLUMNS, service, scheduler)
    heads.set(headOf(service), at * 3)
    counters[at] = isServed ? service.counters : NO_COUNTERS
    if (isServed) for (const { countAt } of service.destinations) countsAt.push(countAt)
    ends[at] = countsAt.length
    rows += 1 + heads[at * 3]!
    if (rows < ROWS_PER_STEP) continue
    rows = 0
    yield
  }
  return { revision, services: services.length, schedulers, keys, heads, counters, ends, countsAt: Int32Array.from(countsAt) } // prettier-ignore
}

function numberOf(schedulers: string[], name: string): number {
  const at = schedulers.indexOf(name)
  return at < 0 ? schedulers.push(name) - 1 : at
}

function headOf(service: ListedService): [servers: number, ready: number, weight: number] {
  let [servers, ready, sum] = [0, 0, 0]
  for (const server of listedServers(service)) {
    const { weight } = 'settings' in server ? server.settings : server
    servers++
    if (weight > 0) ready++
    sum += weight
  }
  return [servers, ready, sum]
}

function writeKey(keys: Int32Array, at: number, service: ListedService, scheduler: number): void {
  const isSix = service instanceof NotYetService
  const { mark, protocol, port } = service
  keys[at + KeyColumn.FAMILY] = isSix ? 6 : 4
  keys[at + KeyColumn.SCHEDULER] = scheduler
  keys[at + KeyColumn.MARK] = mark
  if (mark !== 0) return
  keys[at + KeyColumn.PROTOCOL] = protocol
  keys[at + KeyColumn.PORT] = port
  if (isSix) keys.set(service.address, at + KeyColumn.ADDRESS)
  else keys[at + KeyColumn.ADDRESS] = service.addr
}
