/*
 * The first steps of flow-program.ts: of which flow a frame is.
 */
import { PacketType } from '../linux/classic-filter.js'
import { EPOCH, EPOCH_STEP } from '../packet/flow-slot.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { IpProtocol, IPV4_MIN_LEN, PLAIN_IPV4 } from '../wire/ipv4.js'
import { TCP_MIN_LEN, TcpFlag } from '../wire/tcp.js'
import { UDP_LEN } from '../wire/udp.js'
import { At, EPOCH_AT, EPOCH_READ, Globals, headerSum, inOrder, loadSlot, UP, type FlowMaps } from './flow-parts.js'
import { findSlot } from './flow-places.js'
import {
  add,
  and,
  call,
  fp,
  fromNetwork,
  jump,
  jumpIf,
  load16,
  load32,
  load8,
  loadMapValue,
  mov,
  r1,
  r2,
  r3,
  r4,
  r6,
  r7,
  r8,
  r9,
  shiftLeft,
  store64,
  Helper,
  Skb,
  type Code,
} from './instructions.js'

/** MF and the fragment offset, of the word as it is read, its octets swapped. */
const FRAGMENT = 0xff3f
/** What is needed of TCP's flags, and what is looked at. */
const PLAIN_FLAGS = TcpFlag.ACK
const FLAGS = TcpFlag.ACK | TcpFlag.SYN | TcpFlag.FIN | TcpFlag.RST

/** Before step 1: where no flow is entered there is nothing to look for. */
export function someFlows({ globals }: FlowMaps): Code {
  return [loadMapValue(r1, globals, Globals.PARTS_WITH_FLOWS), load32(r1, r1, 0), jumpIf(r1, '==', 0, UP), 'some flows']
}
/** Step 1. r1 = where the octets end that are at hand. */
export const oneHead: Code = [
  load32(r1, r6, Skb.PACKET_TYPE),
  jumpIf(r1, '!=', PacketType.HOST, UP),
  load32(r7, r6, Skb.DATA),
  load32(r1, r6, Skb.DATA_END),
  mov(r2, r7),
  add(r2, At.OPTION_END),
  jumpIf(r2, '<=', r1, 'at hand'),
  load32(r2, r6, Skb.LEN),
  jumpIf(r2, '<', At.OPTION_END, 'at hand'), // a short frame lies in one piece, or comes up
  mov(r1, r6),
  mov(r2, At.OPTION_END),
  call(Helper.SKB_PULL_DATA), // bpf_skb_pull_data(skb, octets)
  load32(r7, r6, Skb.DATA),
  load32(r1, r6, Skb.DATA_END),
  'at hand',
  mov(r2, r7),
  add(r2, At.UDP_END),
  jumpIf(r2, '>', r1, UP),
]

/** Step 2. */
export const plainHeader: Code = [
  load8(r2, r7, At.VERSION),
  jumpIf(r2, '!=', PLAIN_IPV4, UP),
  load16(r2, r7, At.FRAGMENT),
  and(r2, FRAGMENT),
  jumpIf(r2, '!=', 0, UP),
  load8(r2, r7, At.TTL),
  jumpIf(r2, '<=', 1, UP),
  headerSum(At.VERSION, UP),
  load16(r9, r7, At.LENGTH),
  fromNetwork(r9, 16),
  load32(r2, r6, Skb.LEN),
  mov(r3, r9),
  add(r3, ETHERNET_LEN),
  jumpIf(r3, '>', r2, UP), // cut off
]

/** Step 3. r2 = the protocol. */
export const plainTransport: Code = [
  load8(r2, r7, At.PROTOCOL),
  jumpIf(r2, '==', IpProtocol.TCP, 'tcp'),
  jumpIf(r2, '!=', IpProtocol.UDP, UP),
  jumpIf(r9, '<', IPV4_MIN_LEN + UDP_LEN, UP),
  jump('has ports'),
  'tcp',
  jumpIf(r9, '<', IPV4_MIN_LEN + TCP_MIN_LEN, UP),
  mov(r3, r7),
  add(r3, At.TCP_END),
  jumpIf(r3, '>', r1, UP),
  load8(r3, r7, At.TCP_FLAGS),
  and(r3, FLAGS),
  jumpIf(r3, '!=', PLAIN_FLAGS, UP),
  'has ports',
]

/** Step 4. r8 = the flow's slot. */
export function flow(maps: FlowMaps): Code {
  return [findSlot(maps), mov(r8, r4)]
}
/** Of step 4: the flow's director has not thought better of it. */
export function thisEpoch({ globals }: FlowMaps): Code {
  return [
    loadSlot(r1, EPOCH),
    jumpIf(r1, '==', 0, UP),
    mov(r3, r1),
    and(r3, EPOCH_STEP - 1),
    shiftLeft(r3, 2),
    loadMapValue(r2, globals, Globals.EPOCHS),
    add(r2, r3),
    store64(fp, EPOCH_AT, r2),
    load32(r2, r2, 0), // r2 = the director's epoch
    jumpIf(r1, '!=', r2, UP),
    store64(fp, EPOCH_READ, r1),
    inOrder(),
  ]
}
