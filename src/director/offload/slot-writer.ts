import {
  ADDRESS_SUM,
  DST,
  EPOCH,
  FlowForm,
  FORM,
  HEADER_SUM,
  HOP,
  MTU,
  PORT_SUM,
  PORTS,
  SEEN,
  SLOT_WORDS,
  SRC,
} from '../../packet/flow-slot.js'
import type { FlowTable } from '../../packet/flow-table.js'
import { changeOf, headerSum, inFrame, slotSum } from './flow-sums.js'

/** What a packet of the flow had, and what is to be written. Addresses and both ports as host numbers. */
export interface FlowChange {
  src: number
  dst: number
  ports: number
  toSrc: number
  toDst: number
  toPorts: number
}

/** Writes what has been decided of a flow to its slot. */
export class SlotWriter {
  readonly #table: FlowTable

  constructor(table: FlowTable) {
    this.#table = table
  }

  /** `form`: `FlowForm` bits. Meanwhile the slot has no epoch: the program lets it be. */
  write(slot: number, form: number, mtu: number, hop: number, epoch: number, change: FlowChange): void {
    const { slots } = this.#table
    const at = slot * SLOT_WORDS
    const { src, dst, ports, toSrc, toDst, toPorts } = change
    const addresses = changeOf(src, toSrc) + changeOf(dst, toDst)
    Atomics.store(slots, at + EPOCH, 0)
    slots[at + HOP] = hop
    slots[at + FORM] = form
    slots[at + MTU] = mtu
    slots[at + SRC] = inFrame(toSrc)
    slots[at + DST] = inFrame(toDst)
    slots[at + PORTS] = inFrame(toPorts)
    slots[at + HEADER_SUM] = headerSum(addresses)
    slots[at + ADDRESS_SUM] = slotSum(addresses)
    slots[at + PORT_SUM] = slotSum(changeOf(ports, toPorts))
    slots[at + SEEN] = this.#table.now()
    Atomics.store(slots, at + EPOCH, epoch)
  }
}

/** `FlowForm` bits. */
export function formOf(isInbound: boolean, isTranslated: boolean, mustCheckOptions: boolean): number {
  return (
    (isInbound ? 0 : FlowForm.OUTBOUND) |
    (isTranslated ? FlowForm.TRANSLATED : 0) |
    (mustCheckOptions ? FlowForm.CHECK_OPTIONS : 0)
  )
}
