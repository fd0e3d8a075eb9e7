/*
 * Keeps the flows that the flow program forwards (packet/flow-table.ts). A flow is entered when its connection is open and steady and has had
 * some packets (when-entered.ts); it leaves when the connection's state changes or the connection ends, and for others where there is no room
 * (making-room.ts).
 * Any change of addresses, routes, real servers begins a new epoch: each flow's next packet comes up, and what is decided of it then is written
 * to its slot. Flows that somebody watches come up: watched-flows.ts.
 *
 * slotOf, of each direction: 0 none; > 0 its slot; < 0 its former slot, which rests; ≤ STAYS: not to be entered in that epoch; UNFIT: nor was its last packet.
 */
import type { Connections } from '../../conn/connections.js'
import type { ConnFlows } from '../../conn/conn-flows.js'
import { DIRECTIONS, Direction } from '../../conn/direction.js'
import { JIFFY_MS } from '../../conn/jiffies.js'
import { ConnFlag, FLAGS, IN_PKTS, type ConnIndex } from '../../conn/record.js'
import type { Neighbour } from '../../neigh/neighbour.js'
import { EPOCH, EPOCH_STEP, HOP, PROTOCOL_SHIFT, SEEN, SEEN_UNIT_MS, SLOT_WORDS } from '../../packet/flow-slot.js'
import type { FlowKey, FlowTable } from '../../packet/flow-table.js'
import type { Link } from '../../packet/link.js'
import type { Counters } from '../../service/counters.js'
import { FlowBatch } from './flow-batch.js'
import { FlowCounts } from './flow-counts.js'
import { FlowFigures } from './flow-figures.js'
import { FlowKeys } from './flow-keys.js'
import { Hops } from './hops.js'
import type { Adoption } from './adoption.js'
import { KeptRecords } from './kept-records.js'
import { MakingRoom } from './making-room.js'
import { OwnSlots } from './own-slots.js'
import { connOf, directionOf, flowAt, NOBODY, ownerOf, SlotOwners } from './slot-owners.js'
import { SlotWriter, type FlowChange } from './slot-writer.js'
import { Standing } from './standing.js'
import { isSteady } from './steady.js'
import { WatchedFlows } from './watched-flows.js'
import { WhenEntered } from './when-entered.js'

const [STAYS, UNFIT, HAD_FLOW] = [-(2 ** 30), -(2 ** 31), ConnFlag.HAD_FLOW]
const EPOCH_MASK = 0xfffff
/** Slots that one poll looks at where there are many. */
const SWEEP = 4096
/** Up to so many flows are all looked at by one poll, and when somebody asks: some ms. With more, what is shown is up to a sweep old. */
const FEW = 65_536

export class FlowKeeper implements ConnFlows {
  readonly #table: FlowTable
  readonly #slots: Int32Array
  readonly #conns: Connections
  readonly #words: Int32Array
  readonly #counters: Counters
  readonly when: WhenEntered
  readonly #slotOf: Int32Array
  readonly #owners: SlotOwners
  readonly #own: OwnSlots
  readonly #batch: FlowBatch
  readonly #counts: FlowCounts
  readonly #keys: FlowKeys
  readonly #writer: SlotWriter
  /** Where flows are to outlive the director. */
  readonly kept: KeptRecords | undefined
  /** Takes over the flows that another director has left. */
  adoption: Adoption | undefined
  readonly hops: Hops
  readonly watched: WatchedFlows
  #epoch: number
  /** Where a sweep over the slots goes on. Undefined: none is under way. */
  #sweepAt: number | undefined
  readonly #room: MakingRoom
  readonly figures: FlowFigures
  /** `after`: packets of a connection's client until its flows are entered; undefined: as when-entered.ts finds best. `allocate`: as the connection table's memory. */
  constructor(
    table: FlowTable,
    conns: Connections,
    counters: Counters,
    after: number | undefined,
    allocate: (count: number) => Int32Array,
  ) {
    this.#table = table
    this.#slots = table.slots
    this.#conns = conns
    this.#words = conns.table.words
    this.#counters = counters
    this.when = new WhenEntered(conns, after)
    this.#slotOf = allocate(this.#words.length >>> 3)
    this.#room = new MakingRoom(table.most)
    this.#own = new OwnSlots(table, slot => this.#rested(slot))
    this.#batch = new FlowBatch(table.slots)
    this.#owners = new SlotOwners(table.notes)
    this.#counts = new FlowCounts(table.slots, table.notes)
    this.#keys = new FlowKeys(conns)
    this.#writer = new SlotWriter(table)
    this.kept = table.keeping && new KeptRecords(table.keeping, table.slots, conns)
    this.hops = new Hops(table)
    this.watched = new WatchedFlows(table, this.#own)
    this.figures = new FlowFigures(table.most, () => table.lost)
    this.#epoch = EPOCH_STEP + table.director
    table.setEpoch(this.#epoch)
  }

  /** How long the next poll may wait if no frame comes. `tickMs`: until the counters' tick, which must come in time where there are flows. */
  idleMs(tickMs: number): number {
    if (this.#sweepAt !== undefined || this.watched.isLooking || this.#own.isBehind) return 0
    return Math.min(this.adoption?.idleMs ?? Infinity, this.figures.flows > 0 ? tickMs : Infinity)
  }

  /** Something has changed that may concern any flow: each one's next packet comes up. */
  readonly changed = (): void => {
    const next = (this.#epoch + EPOCH_STEP) | 0
    this.#epoch = next < 0 ? EPOCH_STEP + this.#table.director : next
    this.figures.epochs++
    this.#table.setEpoch(this.#epoch)
  }

  /** Whether `take` is to be called for a packet of this connection that came up. */
  wants(conn: ConnIndex, direction: Direction): boolean {
    const isDue = this.when.isDue(conn, direction)
    if (!isDue && (this.#words[conn + FLAGS]! & HAD_FLOW) === 0) return false // of a short connection slotOf is not asked
    const slot = this.#slotOf[flowAt(conn, direction)]!
    if (slot > 0) return !this.#isCurrent(slot)
    return isDue && (slot === 0 || (slot <= STAYS && slot !== this.#stays()))
  }

  standing(conn: ConnIndex, direction: Direction): Standing {
    const slot = this.#slotOf[flowAt(conn, direction)]!
    if (slot > 0 && this.#isCurrent(slot)) return Standing.FORWARDED
    if (slot <= STAYS && slot === this.#stays()) return Standing.NO_WAY
    if (!isSteady(this.#conns, conn, direction)) return Standing.CHANGING
    if (slot <= 0 && !this.when.isDue(conn, direction)) return Standing.YOUNG
    if (this.watched.has(this.#keys.of(conn, direction))) return Standing.WATCHED
    if (slot > 0) return Standing.ANEW
    if (slot === UNFIT) return Standing.UNFIT
    return slot === 0 && this.#room.isWanted ? Standing.NO_ROOM : Standing.DUE
  }
  /** Whether the program runs where the link's frames come in, and can send by it. */
  serves(link: Link): boolean {
    return this.#table.serves(link)
  }

  /**
   * Has the program forward the flow as its packet was: what the fast path decided, with the neighbour that it goes to. Does nothing
   * if the connection is not steady, as its next packet may change its state, or if the flow is watched.
   */
  take(conn: ConnIndex, direction: Direction, form: number, mtu: number, to: Neighbour, change: FlowChange): void {
    if (!isSteady(this.#conns, conn, direction)) return
    const key = this.#keys.of(conn, direction)
    if (this.watched.has(key)) return
    const at = flowAt(conn, direction)
    const hop = this.#table.serves(to.link) ? this.hops.of(to) : undefined
    if (hop === undefined) {
      if (this.#slotOf[at]! <= 0) this.#slotOf[at] = this.#stays()
      return
    }
    let slot = this.#slotOf[at]!
    const isNew = slot <= 0
    if (isNew) {
      slot = this.#own.claim(key)
      if (slot === 0) return this.#refuse(key)
      this.#counts.begin(slot)
      this.#writer.assign(slot, key)
    }
    if (this.kept !== undefined) form |= this.kept.write(slot, conn, isNew)
    const isEntering = isNew || this.#slots[slot * SLOT_WORDS + EPOCH]! <= -EPOCH_STEP
    form |= key.protocol << PROTOCOL_SHIFT
    this.#writer.write(slot, form, mtu, hop, isEntering ? -this.#epoch : this.#epoch, change)
    if (!isNew) return
    this.#slotOf[at] = slot
    this.#words[conn + FLAGS]! |= HAD_FLOW
    this.#owners.give(slot, ownerOf(conn, direction))
    this.figures.flows++
    this.figures.entered++
    this.#batch.enter(slot)
  }
  /** There is no slot for the flow: where there is room, but not in its place, an idle one of that place leaves. */
  #refuse(key: FlowKey): void {
    this.figures.refused++
    if (this.#own.room === 0) return this.#room.wanted()
    const slot = this.#own.idleInPlaceOf(key)
    if (slot !== 0) this.#evict(slot)
  }
  #evict(slot: number): void {
    this.#leave(connOf(this.#owners.of(slot)), directionOf(this.#owners.of(slot)))
    this.figures.evicted++
  }
  /** Whether the slot's flow is forwarded as was decided in this epoch, or will be when the turn ends. */
  #isCurrent(slot: number): boolean {
    return Math.abs(this.#slots[slot * SLOT_WORDS + EPOCH]!) === this.#epoch
  }
  /** The program could not forward a packet such as the flow's last one: it is not entered, until one can be. */
  keepOut(conn: ConnIndex, direction: Direction): void {
    const at = flowAt(conn, direction)
    if (this.#slotOf[at]! <= 0) this.#slotOf[at] = UNFIT
  }
  #stays(): number {
    return STAYS - ((this.#epoch / EPOCH_STEP) & EPOCH_MASK)
  }
  leave(conn: ConnIndex): void {
    for (const direction of DIRECTIONS) if (this.#slotOf[flowAt(conn, direction)]! > 0) this.#leave(conn, direction)
    if (isSteady(this.#conns, conn, Direction.INBOUND)) this.when.ends(conn)
  }
  #leave(conn: ConnIndex, direction: Direction): void {
    const at = flowAt(conn, direction)
    const slot = this.#slotOf[at]!
    this.#own.leave(slot)
    this.#fold(slot, true)
    this.#slotOf[at] = -slot
    this.figures.flows--
  }
  settle(conn: ConnIndex): void {
    for (const direction of DIRECTIONS) this.#fold(this.#slotOf[flowAt(conn, direction)]!, true)
  }
  ended(conn: ConnIndex): void {
    this.leave(conn)
    for (const direction of DIRECTIONS) {
      const at = flowAt(conn, direction)
      const slot = this.#slotOf[at]!
      if (slot === 0) continue
      this.#slotOf[at] = 0
      if (slot < 0 && slot > STAYS) this.#disown(-slot)
    }
  }
  clear(): void {
    this.adoption?.end()
    for (let slot = this.#own.from(); slot < this.#own.end; slot = this.#own.from(slot + 1)) {
      const owner = this.#owners.of(slot)
      if (owner !== NOBODY) this.ended(connOf(owner))
    }
    this.#slotOf.fill(0)
    this.#batch.flush()
  }

  /** The slot's former flow has been gone for so long that nothing more comes. */
  #rested(slot: number): void {
    const owner = this.#owners.of(slot)
    if (owner === NOBODY) return
    const at = flowAt(connOf(owner), directionOf(owner))
    if (this.#slotOf[at] === -slot) this.#slotOf[at] = 0
    this.#disown(slot)
  }
  /** What a packet that was under way counted after its flow had left is counted too. */
  #disown(slot: number): void {
    this.#fold(slot, false)
    this.#owners.give(slot, NOBODY)
  }

  /** Counts what the program has counted. `isOpen`: and restarts the connection's timer as its last packet would have. A way without a slot has no counts. */
  #fold(slot: number, isOpen: boolean): void {
    const counts = this.#counts
    const slots = this.#slots
    const at = slot * SLOT_WORDS
    if (slot <= 0 || !counts.take(slot)) return
    const { packets, octets } = counts
    const owner = this.#owners.of(slot)
    const conn = connOf(owner)
    const dest = this.#conns.destinationOf(conn)
    this.figures.packets += packets
    this.figures.octets += octets
    this.kept?.counted(slot, counts)
    if (directionOf(owner) === Direction.INBOUND) {
      this.#words[conn + IN_PKTS]! += packets
      this.#counters.inboundMany(dest.counters, dest.serviceCounters, packets, octets)
    } else this.#counters.outboundMany(dest.counters, dest.serviceCounters, packets, octets)
    this.hops.use(slots[at + HOP]!)
    if (!isOpen) return
    const agoMs = Math.max(0, (this.#table.now() - slots[at + SEEN]!) | 0) * SEEN_UNIT_MS
    this.#conns.states.carriedAgo(conn, Math.round(agoMs / JIFFY_MS))
  }

  /** All that the program has counted is counted now, unless there are too many flows to look at in one turn. */
  settleAll(): void {
    if (this.figures.flows > FEW) return
    for (let slot = this.#own.from(); slot < this.#own.end; slot = this.#own.from(slot + 1))
      if (!this.#own.isResting(slot)) this.#fold(slot, true)
  }
  #sweep(slot: number): void {
    if (this.#own.isResting(slot)) return
    this.#fold(slot, true)
    if (this.#room.leaves((this.#table.now() - this.#slots[slot * SLOT_WORDS + SEEN]!) | 0)) this.#evict(slot)
  }

  /** Where the counters tick, a sweep begins: it looks at all slots, at once or, where there are many, a share of them each time. */
  poll(nowMs: number, isTick: boolean): void {
    this.#conns.timers.setClock(nowMs)
    this.kept?.beat()
    this.adoption?.poll(nowMs)
    this.watched.look()
    this.#own.settle()
    if (isTick && this.#sweepAt === undefined) {
      this.#sweepAt = this.#table.first
      this.#room.begin(this.#table.now(), this.#own.room)
    }
    if (this.#sweepAt === undefined) return
    let share = this.figures.flows > FEW ? SWEEP : Infinity
    let slot = this.#own.from(this.#sweepAt)
    for (; slot < this.#own.end && share > 0; slot = this.#own.from(slot + 1), share--) this.#sweep(slot)
    this.#sweepAt = slot < this.#own.end ? slot : undefined
    if (this.#sweepAt === undefined) this.hops.sweep(nowMs)
  }
  /** Enters what the turn's packets have decided. */
  flush(): void {
    this.#batch.flush()
  }
}
