import { linkToInterface, loadProgram, ProgramType, TcxHook, TcxPlace } from '../../src/ebpf/bpf.js'
import {
  assemble,
  call,
  exit,
  fp,
  Helper,
  jumpIf,
  mov,
  r0,
  r1,
  r2,
  r3,
  r4,
  r5,
  r6,
  store32,
} from '../../src/ebpf/instructions.js'
import { pointTo } from '../../src/ebpf/frame-parts.js'
import { check, close } from '../../src/linux/libc.js'

// linux/bpf.h, of skb_adjust_room.
const BPF_ADJ_ROOM_MAC = 1
const FIXED_GSO = 1
const ENCAP_L3_IPV4 = 2
const ENCAP_L4: Record<number, number> = { 4: 0, 47: 8, 17: 16 }
const ETHERNET_LEN = 14
const NEXT = -1
const PLACE = -64

/**
 * Has all frames that come in by an interface go into a tunnel: `headers` are put behind their Ethernet header. So frames of GSO in
 * tunnels can be made, which the kernel lets no packet socket send. Returns a function that ends it.
 */
export function intoTunnels(ifindex: number, headers: Uint8Array): () => void {
  const padded = new Uint8Array(Math.ceil(headers.length / 4) * 4)
  padded.set(headers)
  const view = new DataView(padded.buffer)
  const words = Array.from({ length: padded.length / 4 }, (_, i) =>
    store32(fp, PLACE + i * 4, view.getInt32(i * 4, true)),
  )
  const program = check(
    loadProgram(
      ProgramType.SCHED_CLS,
      assemble([
        mov(r6, r1),
        mov(r2, headers.length),
        mov(r3, BPF_ADJ_ROOM_MAC),
        mov(r4, FIXED_GSO | ENCAP_L3_IPV4 | ENCAP_L4[headers[9]!]!),
        call(Helper.SKB_ADJUST_ROOM),
        jumpIf(r0, '!=', 0, 'as it is'),
        words,
        mov(r1, r6),
        mov(r2, ETHERNET_LEN),
        pointTo(r3, PLACE),
        mov(r4, headers.length),
        mov(r5, 0),
        call(Helper.SKB_STORE_BYTES),
        'as it is',
        mov(r0, NEXT),
        exit(),
      ]),
    ),
    'a program that puts frames into tunnels',
  )
  const link = check(linkToInterface(program, ifindex, TcxHook.INGRESS, TcxPlace.FIRST), 'its tcx link')
  return () => [link, program].forEach(close)
}
