/*
 * Makes a director's parts bottom up; each gets the parts that it names.
 * 1. the network around it     addresses, routes, neighbours, ARP
 * 2. tables                    counters, destinations, connections, services
 * 3. ways out                  output, the host's own packets, ICMP errors, reassembly
 * 4. the path                  what a packet meets
 * Random numbers are drawn in this order, so that the same seed makes the same director.
 */
import { Connections } from '../conn/connections.js'
import { AddressHandOver } from '../forward/address-hand-over.js'
import { makeForwarders } from '../forward/forwarders.js'
import { IcmpErrors } from '../forward/icmp-error.js'
import { IcmpLimit } from '../forward/icmp-limit.js'
import { IpIds } from '../forward/ip-ids.js'
import { Output } from '../forward/output.js'
import { OwnOutput } from '../forward/own-output.js'
import { Tunnels } from '../forward/tunnel.js'
import { ArpInput } from '../neigh/arp-input.js'
import { ArpSender } from '../neigh/arp-sender.js'
import { Claims } from '../neigh/claims.js'
import { Neighbours } from '../neigh/neighbours.js'
import { OwnAddresses } from '../neigh/own-addresses.js'
import { Routes } from '../neigh/routes.js'
import { WAITING_ROOM_OCTETS, WaitingRoom } from '../neigh/waiting-room.js'
import { Embedded } from '../packet/embedded.js'
import { slabOver, type Slab } from '../packet/frame.js'
import { Changes } from '../packet/changes.js'
import { LaterFates } from '../packet/later-fates.js'
import type { LeftFlows } from '../packet/kept-flow.js'
import type { Watch } from '../packet/frame-witness.js'
import type { Link } from '../packet/link.js'
import { Reassembly } from '../packet/reassembly.js'
import { SCRATCH_OCTETS, Scratch } from '../packet/scratch.js'
import { TurnMemory } from '../packet/turn-memory.js'
import { guard } from '../sched/guard.js'
import { fleetSchedulers, schedulers } from '../sched/index.js'
import type { Scheduler } from '../sched/scheduler.js'
import { Counters } from '../service/counters.js'
import { DestinationTable } from '../service/destination.js'
import { Marks } from '../service/marks.js'
import { Sysctls } from '../service/sysctls.js'
import { DEFAULT_MAX_CONNECTIONS, linksOf, loopbackOf, type DirectorOptions } from './options.js'
import { Adoption } from './offload/adoption.js'
import { DropNotes } from './drop-notes.js'
import { FlightRecorder } from './flight-recorder.js'
import { GivenUp } from './given-up.js'
import { FlowKeeper } from './offload/flow-keeper.js'
import { Adverts } from './path/adverts.js'
import { FastPath } from './path/fast-path.js'
import { FullnatAnswers } from './path/fullnat-answers.js'
import { Host } from './path/host.js'
import { KernelSide } from './path/kernel-side.js'
import { Inbound } from './path/inbound.js'
import { HostPrograms } from './path/host-programs.js'
import { Opener } from './path/opener.js'
import { OwnAnswers } from './path/own-answers.js'
import { Outbound } from './path/outbound.js'
import type { Parts } from './path/parts.js'
import { Persistence } from './path/persistence.js'
import type { Witness } from './path/witness.js'
import { Related } from './path/related.js'
import { TowardsServer } from './path/towards-server.js'
import { TunnelFlows } from './path/tunnel-flows.js'
import { WholePath } from './path/whole-path.js'
import { seededRandom } from './random.js'
import { RouterVoice } from './router-voice.js'
import { ReturnedAnswers } from './returned-answers.js'
import { Balancing } from './rules/balancing.js'
import { FrontKeeper } from './rules/front-keeper.js'
import { UnheldVips } from './rules/unheld-vips.js'
import { nameOfService } from './rules/service-name.js'
import { ArpAnnouncer } from './upkeep/arp-announcer.js'
import { CounterTick } from './upkeep/counter-tick.js'
import { Defence } from './upkeep/defence.js'
import { Orphans } from './upkeep/orphans.js'
import { VerdictCounters } from './verdict-counters.js'

/** What is decided of the director's own packets is told nobody. */
const UNWATCHED: Watch<Witness> = { witness: undefined }
const DEFAULT_ICMP_RATELIMIT_MS = 1000
/** Another director's connections are taken over in their middle; a client's port that is used again is chosen for by the rules as they are. */
const FLEET_SYSCTLS = { conn_reuse_mode: '3', sloppy_sctp: '1', sloppy_tcp: '1' }

/** Shared by the four steps. */
interface Ground {
  readonly options: DirectorOptions
  readonly random: () => number
  readonly allocate: (octets: number) => Slab
  readonly report: (problem: string) => void
  readonly isSpokesman: boolean
  readonly changes: Changes
  readonly fates: LaterFates
  readonly watch: Watch<Witness>
}
type Network = ReturnType<typeof makeNetwork>
type Tables = ReturnType<typeof makeTables>
type WaysOut = ReturnType<typeof makeWaysOut>
type Path = ReturnType<typeof makePath>

/** A director's parts. */
export type Assembly = Pick<Ground, 'isSpokesman' | 'watch'> & Network & Tables & WaysOut & Path

export function assemble(options: DirectorOptions): Assembly {
  const ground: Ground = {
    options,
    random: seededRandom(options.seed),
    allocate: options.allocate ?? plainSlab,
    report: options.report ?? (() => {}),
    isSpokesman: options.worker === undefined || options.worker.index === 0,
    changes: new Changes(),
    fates: new LaterFates(),
    watch: { witness: undefined },
  }
  const network = makeNetwork(ground)
  const tables = makeTables(ground, network)
  const waysOut = makeWaysOut(ground, network, tables)
  const path = makePath(ground, network, tables, waysOut)
  return { isSpokesman: ground.isSpokesman, watch: ground.watch, ...network, ...tables, ...waysOut, ...path }
}

function makeNetwork({ options, allocate, report, isSpokesman, changes, fates }: Ground) {
  const { egress } = options
  const links: readonly Link[] = linksOf(options)
  const loopback = loopbackOf(options, links.length)
  const ends = loopback ? [...links, loopback] : links
  const routes = new Routes(changes)
  // All workers have the same rules; one of them keeps the front.
  const front = options.front && isSpokesman ? new FrontKeeper(options.front, report) : undefined
  const ownAddresses = new OwnAddresses(options.isStandby, front, changes)
  const room = new WaitingRoom(allocate(WAITING_ROOM_OCTETS), fates)
  const sender = new ArpSender(egress, new Scratch(allocate(SCRATCH_OCTETS)), routes)
  const neighbours = new Neighbours(sender, egress, room)
  const claims = new Claims()
  const arp = new ArpInput(ownAddresses, neighbours, egress, isSpokesman, claims)
  const announcer = new ArpAnnouncer(sender, routes, ownAddresses, links, isSpokesman)
  const adverts = new Adverts(options.adverts, ends, ownAddresses)
  const interfaces = { links, loopback, ends }
  return { ...interfaces, front, routes, ownAddresses, sender, neighbours, room, claims, arp, announcer, adverts }
}

function makeTables({ options, random, report, changes }: Ground, { links, front, ownAddresses, routes }: Network) {
  const { now: nowMs, worker, allocateWords, maxConnections = DEFAULT_MAX_CONNECTIONS } = options
  const sysctls = new Sysctls(options.isOfFleet ? FLEET_SYSCTLS : {})
  const marks = new Marks(rules => front?.mark(rules))
  const counters = new Counters()
  const counterTick = new CounterTick(counters, nowMs)
  const destinations = new DestinationTable(counters, worker?.counts)
  const conns = new Connections(maxConnections, random, destinations, nowMs, worker, allocateWords)
  const orphans = new Orphans(conns)
  const balancing = new Balancing({
    schedulers: knownSchedulers(options, report),
    counters,
    destinations,
    ownAddresses,
    routes,
    sysctls,
    random,
    nowMs,
    report,
    notServed: options.notServed ?? (() => {}),
    usesOf: laddr => conns.fullnatKeys.ports.usesOf(laddr),
    gone: () => {
      changes.note()
      if (sysctls.expireNodestConn !== 0) orphans.look()
    },
    front,
    changes,
    unheld: new UnheldVips(links, ownAddresses, options.isStandby ? undefined : options.notice),
  })
  const defence = new Defence(sysctls, conns, random, options.availablePages ?? (() => Infinity), nowMs)
  const returned = new ReturnedAnswers(conns, balancing, options.notice ?? (() => {}))
  return { sysctls, marks, counters, counterTick, conns, orphans, balancing, defence, returned }
}

function makeWaysOut(
  { options, random, allocate, watch, fates }: Ground,
  { links, loopback, ends, ownAddresses, routes, sender, neighbours }: Network,
  { balancing, conns, counters, sysctls }: Tables,
) {
  const memory = new TurnMemory(allocate)
  const output = new Output(routes, neighbours, options.egress, memory, watch)
  const handOver = new AddressHandOver(conns, output, memory)
  const reassemblySeed = random()
  const limit = new IcmpLimit(options.icmpRatelimit ?? DEFAULT_ICMP_RATELIMIT_MS)
  const ids = new IpIds(random())
  const tunnels = new Tunnels(sysctls, random(), ids)
  const forwarders = makeForwarders(conns, output, handOver, tunnels)
  const embedded = new Embedded()
  const answers = new OwnAnswers({ balancing, conns, counters, embedded, forwarders, output, watch: UNWATCHED })
  const own = new OwnOutput(output, answers)
  const errors = new IcmpErrors(routes, own, limit, ids)
  const kernel = new KernelSide(ends, ownAddresses, options.egress, memory, watch)
  const host = new Host(own, errors, kernel, ids)
  const verdictCounters = new VerdictCounters(errors, handOver, options.front, fates)
  const drops = new DropNotes()
  const recorder = options.record && new FlightRecorder(options.record)
  conns.sampleEvery = recorder?.sampleEvery ?? 0
  const givenUp = new GivenUp({ conns, ownAddresses, errors, fates, drops, recorder, loopback }, options.now)
  const reassembly = new Reassembly(allocate, reassemblySeed, givenUp, fates)
  const voice = new RouterVoice(links, output, sender, options.egress, memory)
  const answered = { errors, forwarders, givenUp, handOver, host, kernel, reassembly, tunnels }
  return { voice, drops, recorder, memory, output, embedded, verdictCounters, ...answered }
}

function makePath(
  { options, report, changes, watch, isSpokesman }: Ground,
  network: Network,
  tables: Tables,
  waysOut: WaysOut,
) {
  const { ownAddresses, routes, neighbours, arp, adverts, loopback } = network
  const { conns, balancing, sysctls, marks, defence, counters, returned } = tables
  const { output, embedded, errors, host, kernel, forwarders, reassembly, handOver } = waysOut
  const parts: Parts = {
    ownAddresses,
    output,
    routes,
    errors,
    host,
    kernel,
    conns,
    counters,
    balancing,
    embedded,
    sysctls,
    marks,
    opener: new Opener(balancing, conns, sysctls, defence, report, watch),
    forwarders,
    reassembly,
    handOver,
    watch,
  }
  const towards = new TowardsServer(parts)
  const answers = new FullnatAnswers(parts)
  const programs = new HostPrograms(parts, loopback)
  const related = new Related(parts, towards, answers, programs)
  const outbound = new Outbound(parts, related)
  const { egress } = options
  const flows = options.isWholePath ? undefined : keepFlows(options, conns, counters, neighbours, changes)
  if (flows && options.leftFlows) flows.adoption = adopt(options, options.leftFlows, parts)
  const tunnelFlows = flows && new TunnelFlows(parts, neighbours, flows, waysOut.tunnels)
  const inbound = new Inbound(parts, related, towards, answers, programs, tunnelFlows)
  const fast = options.isWholePath
    ? undefined
    : new FastPath({ balancing, conns, counters, ownAddresses, routes, neighbours, egress, flows })
  const path = new WholePath(parts, { arp, adverts, returned, programs, inbound, outbound }, isSpokesman)
  return { path, fast, flows }
}

/** Flows are entered by the fast path, those of tunnels by the whole one (path/tunnel-flows). */
function keepFlows(
  { flows: table, offloadAfter }: DirectorOptions,
  conns: Connections,
  counters: Counters,
  neighbours: Neighbours,
  changes: Changes,
): FlowKeeper | undefined {
  if (table === undefined) return undefined
  const keeper = new FlowKeeper(table, conns, counters, offloadAfter, conns.table.allocate)
  conns.flows = keeper
  changes.listener = keeper.changed
  neighbours.watch = {
    moved: neighbour => keeper.hops.moved(neighbour),
    forgotten: neighbour => {
      keeper.changed() // before its number is another's
      keeper.hops.forgotten(neighbour)
    },
  }
  return keeper
}

function adopt(
  { now: nowMs, flows, notice = () => {} }: DirectorOptions,
  left: readonly LeftFlows[],
  { conns, balancing, sysctls }: Parts,
): Adoption {
  const persistence = new Persistence(conns, sysctls)
  return new Adoption(left, { conns, balancing, persistence, nowMs, now: () => flows!.now(), report: notice })
}

/** The built-in schedulers and the user's; `guard` catches the latter's mistakes. */
function knownSchedulers(
  { isOfFleet = false, schedulers: own = [] }: DirectorOptions,
  report: (problem: string) => void,
): Map<string, Scheduler> {
  return new Map([
    ...schedulers,
    ...(isOfFleet ? fleetSchedulers : []).map(scheduler => [scheduler.name, scheduler] as const),
    ...own.map(scheduler => [scheduler.name, guard(scheduler, report, nameOfService)] as const),
  ])
}

function plainSlab(octets: number): Slab {
  return slabOver(new ArrayBuffer(octets))
}
