import {
  ADDRESS_SUM,
  DST,
  EPOCH,
  FlowForm,
  FORM,
  HEADER_SUM,
  HOP,
  KEY_DST,
  KEY_PORTS,
  KEY_SRC,
  MTU,
  PORT_SUM,
  PORTS,
  SEEN,
  SLOT_WORDS,
  SlotState,
  SRC,
} from '../../packet/flow-slot.js'
import type { FlowKey, FlowTable } from '../../packet/flow-table.js'
import type { Ipv4Addr } from '../../wire/addr.js'
import { IpProtocol } from '../../wire/ipv4.js'
import { changeOf, headerSum, inFrame, slotSum, tunnelSum, tunnelWord } from './flow-sums.js'

/** What a packet of the flow had, and what is to be written: as SRC, DST and PORTS of packet/flow-slot.ts, host numbers. */
export interface FlowChange {
  src: Ipv4Addr
  dst: Ipv4Addr
  ports: number
  toSrc: Ipv4Addr
  toDst: Ipv4Addr
  toPorts: number
}

/** One to be filled in. */
export function emptyChange(): FlowChange {
  const none = 0 as Ipv4Addr
  return { src: none, dst: none, ports: 0, toSrc: none, toDst: none, toPorts: 0 }
}

/** Writes what has been decided of a flow to its slot. */
export class SlotWriter {
  readonly #table: FlowTable

  constructor(table: FlowTable) {
    this.#table = table
  }

  /** The slot, which has rested, is this flow's from now on. */
  assign(slot: number, { src, dst, ports }: FlowKey): void {
    const { slots } = this.#table
    const at = slot * SLOT_WORDS
    put(slots, at + KEY_SRC, src)
    put(slots, at + KEY_DST, dst)
    put(slots, at + KEY_PORTS, ports)
  }
  /** `form`: FORM. While it writes, EPOCH is CLAIMED, and it is another one after: a program that reads in between leaves the packet to the director. */
  write(slot: number, form: number, mtu: number, hop: number, epoch: number, change: FlowChange): void {
    const { slots } = this.#table
    const at = slot * SLOT_WORDS
    const { src, dst, ports, toSrc, toDst, toPorts } = change
    const isTunnel = (form & FlowForm.TUNNEL) !== 0
    const addresses = isTunnel ? 0 : changeOf(src, toSrc) + changeOf(dst, toDst)
    Atomics.store(slots, at + EPOCH, SlotState.CLAIMED)
    put(slots, at + HOP, hop)
    put(slots, at + FORM, form)
    put(slots, at + MTU, mtu)
    put(slots, at + SRC, inFrame(toSrc))
    put(slots, at + DST, inFrame(toDst))
    put(slots, at + PORTS, inFrame(toPorts))
    put(slots, at + HEADER_SUM, headerSum(addresses))
    const protocol = isTunnel ? tunnelProtocol(form) : 0
    put(slots, at + ADDRESS_SUM, isTunnel ? tunnelSum(protocol, toSrc, toDst) : slotSum(addresses))
    put(slots, at + PORT_SUM, isTunnel ? tunnelWord(protocol) : slotSum(changeOf(ports, toPorts)))
    put(slots, at + SEEN, this.#table.now())
    Atomics.store(slots, at + EPOCH, epoch)
  }
}

/** Only x64 shows others what is written in its order; elsewhere a plain store may be seen before EPOCH is CLAIMED. */
const KEEPS_ORDER = process.arch === 'x64'
function put(slots: Int32Array, at: number, word: number): void {
  if (KEEPS_ORDER) slots[at] = word
  else Atomics.store(slots, at, word)
}

/** Of the outer IPv4 header. */
function tunnelProtocol(form: number): number {
  if ((form & FlowForm.GRE) !== 0) return IpProtocol.GRE
  return (form & FlowForm.GUE) !== 0 ? IpProtocol.UDP : IpProtocol.IPIP
}

/** `FlowForm` bits. */
export function formOf(isInbound: boolean, isTranslated: boolean, mustCheckOptions: boolean): number {
  return (
    (isInbound ? 0 : FlowForm.OUTBOUND) |
    (isTranslated ? FlowForm.TRANSLATED : 0) |
    (mustCheckOptions ? FlowForm.CHECK_OPTIONS : 0)
  )
}
