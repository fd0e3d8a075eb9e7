/*
 * The later steps of flow-program.ts: a frame of a flow is made what leaves.
 */
import {
  ADDRESS_SUM,
  DST,
  EPOCH,
  FlowForm,
  FORM,
  HEADER_SUM,
  KEY_PORTS as SLOT_PORTS,
  KEY_SRC,
  PORTS,
  PROTOCOL_SHIFT,
  SRC,
} from '../packet/flow-slot.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { IpProtocol } from '../wire/ipv4.js'
import {
  At,
  atHand,
  CHECK,
  EPOCH_AT,
  EPOCH_READ,
  foldInto,
  FORM_READ,
  HEAD,
  inOrder,
  KEY,
  KEY_PORTS,
  LOST,
  loadSlot,
  mend,
  NEXT_MAC,
  SUMS_READ,
  UP,
  writeFrame,
} from './flow-parts.js'
import {
  add,
  call,
  fp,
  Helper,
  jump,
  jumpIf,
  load16,
  load32,
  load64,
  mov,
  mov32,
  r0,
  r1,
  r2,
  r3,
  r4,
  r5,
  r6,
  r7,
  r8,
  r9,
  shiftLeft,
  shiftRight,
  Skb,
  store64,
  xor32,
  type Code,
  type Register,
} from './instructions.js'

// linux/bpf.h, of l4_csum_replace: the change is of the pseudo header too, which a checksum left to the device has; UDP's 0 is none.
const BPF_F_PSEUDO_HDR = 0x10
const BPF_F_MARK_MANGLED_0 = 0x20
/** A sum that adds nothing. */
const NOTHING = 0xffff

/**
 * Step 8. The first octets of the frame that leaves, on the stack. r2 = the source MAC, r5 = the interface. It is kept in r7, where
 * the frame begins until here.
 */
export const newHead: Code = [
  load64(r1, fp, NEXT_MAC),
  shiftLeft(r1, 16),
  shiftRight(r1, 16), // without the link
  mov(r3, r2),
  shiftLeft(r3, 48),
  add(r1, r3),
  store64(fp, HEAD, r1), // octets 0 to 7: both MACs
  shiftRight(r2, 16),
  load32(r3, r7, At.ETHER_TYPE),
  shiftLeft(r3, 32),
  add(r2, r3),
  store64(fp, HEAD + 8, r2), // 8 to 15
  load64(r1, r7, At.LENGTH),
  mov(r2, -1),
  shiftLeft(r2, 8 * (At.TTL - At.LENGTH)),
  add(r1, r2), // the TTL, which is more than 0, falls by one
  store64(fp, HEAD + 16, r1), // 16 to 23
  load16(r1, r7, At.HEADER_CHECK),
  xor32(r1, 0xffff),
  loadSlot(r2, HEADER_SUM),
  add(r1, r2),
  foldInto(r1, 16, r2),
  xor32(r1, 0xffff), // RFC 1624
  loadSlot(r2, SRC),
  loadSlot(r3, DST),
  loadSlot(r4, PORTS),
  shiftLeft(r2, 16),
  add(r1, r2),
  mov(r2, r3),
  shiftLeft(r2, 48),
  add(r1, r2),
  store64(fp, HEAD + 24, r1), // 24 to 31: header checksum, source, half the destination
  shiftRight(r3, 16),
  shiftLeft(r4, 16),
  add(r3, r4),
  store64(fp, HEAD + 32, r3), // 32 to 37
  loadSlot(r1, FORM),
  store64(fp, FORM_READ, r1),
  load64(r1, r8, ADDRESS_SUM * 4),
  store64(fp, SUMS_READ, r1),
  mov(r7, r5),
]

/**
 * Of step 8: the slot was the same all the while, else what was read of it may not belong together. The director clears EPOCH before
 * it writes, and before it gives a next hop's number to another it begins a new epoch. And the slot is this flow's: the kernel gives
 * what a flow had in the hash table to another at once, and a processor may stand still for longer than a slot rests.
 */
export const unchanged: Code = [
  inOrder(),
  load64(r1, fp, EPOCH_READ),
  load64(r2, fp, EPOCH_AT),
  load32(r2, r2, 0),
  jumpIf(r1, '!=', r2, UP),
  loadSlot(r2, EPOCH),
  jumpIf(r1, '!=', r2, UP),
  inOrder(),
  load64(r1, r8, KEY_SRC * 4),
  load64(r2, fp, KEY),
  jumpIf(r1, '!=', r2, UP),
  load64(r1, fp, FORM_READ),
  shiftRight(r1, PROTOCOL_SHIFT),
  shiftLeft(r1, 32),
  loadSlot(r2, SLOT_PORTS),
  add(r1, r2),
  load64(r2, fp, KEY_PORTS),
  jumpIf(r1, '!=', r2, UP),
]

/** Step 9. Octets behind the packet, by which short frames are padded, do not leave. */
export const trimmed: Code = [
  load32(r1, r6, Skb.LEN),
  mov(r2, r9),
  add(r2, ETHERNET_LEN),
  jumpIf(r1, '==', r2, 'no padding'),
  mov(r1, r6),
  mov(r3, 0),
  call(Helper.SKB_CHANGE_TAIL), // bpf_skb_change_tail(skb, length, 0)
  jumpIf(r0, '!=', 0, UP),
  'no padding',
]

/** Step 10. */
export const rewritten: Code = [
  load64(r1, fp, FORM_READ),
  jumpIf(r1, '&', FlowForm.TRANSLATED, 'translated'),
  jumpIf(r1, '&', FlowForm.TUNNEL, 'into its tunnel'),
  writeFrame(HEAD, At.SRC, UP),
  jump('rewritten'),
  'translated',
  load64(r1, fp, KEY_PORTS),
  shiftRight(r1, 32),
  jumpIf(r1, '==', IpProtocol.UDP, 'udp checksum'),
  addressSum(r4),
  mend(At.TCP_CHECK, BPF_F_PSEUDO_HDR, UP),
  portSum(r4),
  mend(At.TCP_CHECK, 0, LOST),
  'checksum mended',
  writeFrame(HEAD, At.UDP_LENGTH, LOST),
  'rewritten',
]

function addressSum(to: Register): Code {
  return [load64(to, fp, SUMS_READ), mov32(to, to)]
}
function portSum(to: Register): Code {
  return [load64(to, fp, SUMS_READ), shiftRight(to, 32)]
}

/**
 * Of step 10. UDP's checksum may be that of a tunnel's outer header, complete while the inner one is left to the device (the kernel's
 * "local checksum offload"). The helper would take it for one that is left to the device, and leave the ports out. So the ports
 * come first: what they leave unchanged must be the pseudo header's sum, or comes up. For ports that change nothing 1 is added, and
 * taken out again.
 */
export const udpChecksum: Code = [
  'udp checksum',
  atHand(r1, At.UDP_END, UP),
  load16(r2, r1, At.UDP_CHECK),
  store64(fp, CHECK, r2),
  portSum(r4),
  jumpIf(r4, '!=', NOTHING, 'ports change'),
  mov(r4, 1),
  'ports change',
  mend(At.UDP_CHECK, BPF_F_MARK_MANGLED_0, UP),
  atHand(r1, At.UDP_END, LOST),
  load16(r2, r1, At.UDP_CHECK),
  load64(r3, fp, CHECK),
  jumpIf(r2, '==', r3, 'left to the device'),
  portSum(r5),
  jumpIf(r5, '!=', NOTHING, 'addresses'),
  mov(r4, NOTHING - 1),
  mend(At.UDP_CHECK, BPF_F_MARK_MANGLED_0, LOST),
  jump('addresses'),
  'left to the device',
  load16(r5, r1, At.UDP_LENGTH),
  add(r5, IpProtocol.UDP << 8), // in network order
  load64(r1, fp, KEY),
  mov32(r3, r1), // the source
  shiftRight(r1, 32), // the destination
  add(r5, r3),
  add(r5, r1),
  foldInto(r5, 32, r3),
  foldInto(r5, 16, r3),
  foldInto(r5, 16, r3), // r5 = the pseudo header's sum
  jumpIf(r5, '!=', r2, UP),
  'addresses',
  addressSum(r4),
  mend(At.UDP_CHECK, BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0, LOST),
  jump('checksum mended'),
]
