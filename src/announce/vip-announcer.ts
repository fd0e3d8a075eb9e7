import type { AnnouncementsInfo, RuleChange } from '../control/protocol/api.js'
import { messageOf } from '../linux/error-text.js'
import { formatIpv4, type Ipv4Addr } from '../wire/addr.js'
import type { AnnounceInterface } from './announce-interface.js'
import { HoldDown, type Steps } from './hold-down.js'
import { ReadyVips, type WithdrawPolicy } from './ready-vips.js'

/** Addresses that a log line names. */
const NAMED = 4
/** Changes that come together are made together, ms. */
const GATHER_MS = 20
/** So many addresses are changed without a pause: this thread has the control socket, too. */
const SLICE = 64

export interface AnnouncerOf {
  readonly on: Pick<AnnounceInterface, 'name' | 'add' | 'remove' | 'heldElsewhere' | 'setUp' | 'close'>
  readonly withdraw: WithdrawPolicy
  readonly holdMs: number
  readonly tell: (line: string) => void
  /** Monotonic, ms. */
  readonly now: () => number
}

/** Puts the VIPs that are to be announced on an interface, and takes them off. It begins when `begin` says that all rules are there. */
export class VipAnnouncer {
  readonly #of: AnnouncerOf
  readonly #vips: ReadyVips
  readonly #holdDown: HoldDown
  /** Those of the standing ones that are on the interface. */
  readonly #placed = new Set<Ipv4Addr>()
  /** Those that the kernel holds elsewhere: left alone. */
  readonly #elsewhere = new Set<Ipv4Addr>()
  /** What is to be put on the interface, or taken off, in slices. */
  readonly #toDo = new Map<Ipv4Addr, boolean>()
  #done = nothingDone()
  /** What the kernel holds elsewhere, asked once for all slices. */
  #others: Set<Ipv4Addr> | undefined
  #next: NodeJS.Immediate | undefined
  #hasBegun = false
  #isWithdrawn = false
  #timer: NodeJS.Timeout | undefined
  #timerMs = Infinity

  constructor(of: AnnouncerOf) {
    this.#of = of
    this.#holdDown = new HoldDown(of.holdMs)
    this.#vips = new ReadyVips(of.withdraw, (vip, now) => this.#holdDown.set(vip, now, of.now()))
  }

  /** Changes of rules that the director has carried out. */
  apply(changes: readonly RuleChange[]): void {
    for (const change of changes) this.#vips.apply(change)
    this.#wake()
  }
  /** All services are gone. */
  clear(): void {
    this.#vips.clear()
    this.#wake()
  }

  begin(): void {
    this.#hasBegun = true
    this.#look()
  }
  /** Everything is withdrawn at once, and stays so until `restore`. */
  withdraw(): void {
    this.#isWithdrawn = true
    this.#try(() => this.#of.on.setUp(false))
  }
  restore(): void {
    this.#isWithdrawn = false
    this.#try(() => this.#of.on.setUp(true))
  }

  /** How many VIPs are announced now. */
  get announced(): number {
    return this.#isWithdrawn ? 0 : this.#placed.size
  }
  get info(): Omit<AnnouncementsInfo, 'drain'> {
    const { on, withdraw, holdMs } = this.#of
    const { held, idle } = this.#holdDown.counts
    const vips = { announced: this.announced, held, idle, elsewhere: this.#elsewhere.size }
    return { interface: on.name, withdraw, hold: holdMs / 1000, isWithdrawn: this.#isWithdrawn, vips }
  }

  close(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#next)
    this.#hasBegun = false
    this.#of.on.close()
  }

  /** Looks again when something is due. */
  #wake(): void {
    const next = this.#holdDown.nextMs
    if (!this.#hasBegun || next === undefined) return
    const atMs = Math.max(next, this.#of.now() + GATHER_MS)
    if (this.#timer !== undefined && this.#timerMs <= atMs) return
    clearTimeout(this.#timer)
    this.#timerMs = atMs
    this.#timer = setTimeout(() => this.#look(), atMs - this.#of.now())
  }
  #look(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#carryOut(this.#holdDown.take(this.#of.now()))
    this.#wake()
  }

  #carryOut({ come, go }: Steps): void {
    for (const addr of come) this.#toDo.set(addr, true)
    for (const addr of go) this.#toDo.set(addr, false)
    this.#work()
  }
  /** Does a slice; the others when what else waits has had its turn. */
  #work(): void {
    clearImmediate(this.#next)
    this.#next = undefined
    const slice = [...this.#toDo].slice(0, SLICE)
    if (slice.length === 0) return
    for (const [addr] of slice) this.#toDo.delete(addr)
    this.#off(slice.flatMap(([addr, comes]) => (comes ? [] : [addr])))
    this.#put(slice.flatMap(([addr, comes]) => (comes ? [addr] : [])))
    if (this.#toDo.size > 0) this.#next = setImmediate(() => this.#work())
    else this.#tell()
  }
  #put(addresses: readonly Ipv4Addr[]): void {
    if (addresses.length === 0) return
    const others = (this.#others ??= this.#try(() => this.#of.on.heldElsewhere()) ?? new Set())
    for (const addr of addresses) {
      if (others.has(addr)) this.#elsewhere.add(addr)
      else if (this.#try(() => (this.#of.on.add(addr), true))) this.#placed.add(addr)
      else continue
      ;(others.has(addr) ? this.#done.left : this.#done.put).push(addr)
    }
  }
  #off(addresses: readonly Ipv4Addr[]): void {
    for (const addr of addresses) {
      this.#elsewhere.delete(addr)
      if (!this.#placed.has(addr) || !this.#try(() => (this.#of.on.remove(addr), true))) continue
      this.#placed.delete(addr)
      this.#done.off.push(addr)
    }
  }
  /** A line for all that was done in slices. */
  #tell(): void {
    const { put, left, off } = this.#done
    this.#done = nothingDone()
    this.#others = undefined
    if (off.length > 0) this.#of.tell(`no longer announces ${named(off)}`)
    if (put.length > 0) this.#of.tell(`announces ${named(put)} on ${this.#of.on.name}`)
    if (left.length > 0) this.#of.tell(`leaves ${named(left)} alone, which the kernel holds elsewhere`)
  }
  /** Undefined, and a line, where the kernel refuses. */
  #try<T>(step: () => T): T | undefined {
    try {
      return step()
    } catch (error) {
      this.#of.tell(`${this.#of.on.name}: ${messageOf(error)}`)
      return undefined
    }
  }
}

function nothingDone(): Record<'put' | 'left' | 'off', Ipv4Addr[]> {
  return { put: [], left: [], off: [] }
}

/** '192.0.2.1, 192.0.2.2, … (10000)' */
function named(addresses: readonly Ipv4Addr[]): string {
  const some = addresses.slice(0, NAMED).map(addr => formatIpv4(addr))
  return addresses.length <= NAMED ? some.join(', ') : `${some.join(', ')}, … (${addresses.length})`
}
