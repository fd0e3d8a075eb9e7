import {
  EPOCH,
  FORM,
  KEY_DST,
  KEY_PORTS,
  KEY_SRC,
  PROTOCOL_SHIFT,
  SLOT_WORDS,
  SlotState,
} from '../../packet/flow-slot.js'
import type { FlowKey, FlowTable } from '../../packet/flow-table.js'
import type { Ipv4Addr } from '../../wire/addr.js'
import type { FlowWatch } from '../path/witness.js'
import { inFrame } from './flow-sums.js'
import type { OwnSlots } from './own-slots.js'

/** Slots that are looked at together: below a millisecond. */
const A_SHARE = 4096

/** Flows that somebody watches: their packets come up until the watch ends, so that none is missed. */
export class WatchedFlows {
  readonly #table: FlowTable
  readonly #own: OwnSlots
  readonly #key: FlowKey = { src: 0, dst: 0, ports: 0, protocol: 0 }
  #isWatched: FlowWatch | undefined
  /** How many more of those that are forwarded may come up. */
  #left = 0
  /** They are counted first. */
  #isCounting = false
  /** The slots that are still to be looked at. */
  #at = 0
  #end = 0
  #areTooMany = false

  constructor(table: FlowTable, own: OwnSlots) {
    this.#table = table
    this.#own = own
  }

  /**
   * Those that the program forwards come up when they have been looked at: a share of them now, the others by `look`. undefined: none is
   * watched any more. Where there are more than `most` none is watched.
   */
  begin(isWatched: FlowWatch | undefined, most = Infinity): void {
    this.#areTooMany = false
    this.#isWatched = isWatched
    this.#left = most
    this.#isCounting = most !== Infinity
    this.#at = this.#table.first
    this.#end = isWatched === undefined ? this.#at : this.#own.end
    this.look()
  }
  /** There were more than `most`. */
  get areTooMany(): boolean {
    return this.#areTooMany
  }
  has({ protocol, src, dst, ports }: FlowKey): boolean {
    if (this.#isWatched === undefined) return false
    const both = inFrame(ports)
    return this.#isWatched(protocol, inFrame(src) as Ipv4Addr, both >>> 16, inFrame(dst) as Ipv4Addr, both & 0xffff)
  }
  get isLooking(): boolean {
    return this.#at < this.#end
  }
  /** Looks at the next share of the slots. */
  look(): void {
    const { slots } = this.#table
    if (this.isLooking) this.#at = this.#own.from(this.#at)
    for (let left = A_SHARE; left > 0 && this.isLooking; left--, this.#at = this.#own.from(this.#at + 1)) {
      const epoch = this.#at * SLOT_WORDS + EPOCH
      if (this.#own.isResting(this.#at) || !this.has(this.#keyOf(this.#at))) continue
      if (!this.#isCounting) Atomics.store(slots, epoch, SlotState.WATCHED)
      else if (this.#left-- === 0) {
        this.begin(undefined)
        this.#areTooMany = true
        return
      }
    }
    if (this.isLooking || !this.#isCounting) return
    this.#isCounting = false
    this.#at = this.#table.first
  }
  #keyOf(slot: number): FlowKey {
    const { slots } = this.#table
    const at = slot * SLOT_WORDS
    const key = this.#key
    key.src = slots[at + KEY_SRC]!
    key.dst = slots[at + KEY_DST]!
    key.ports = slots[at + KEY_PORTS]!
    key.protocol = slots[at + FORM]! >>> PROTOCOL_SHIFT
    return key
  }
}
