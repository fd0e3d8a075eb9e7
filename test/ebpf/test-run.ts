import { ATTR_LEN, bpfAt, Command } from '../../src/ebpf/bpf.js'
import { Skb } from '../../src/ebpf/instructions.js'
import { mapMemory, SystemError } from '../../src/linux/libc.js'

const SK_BUFF_LEN = 192
// Where attributes, struct __sk_buff before and after, and the frame before and after stand.
const [BEFORE_AT, AFTER_AT, IN_AT, OUT_AT] = [ATTR_LEN, 512, 1024, 8192]
// union bpf_attr, test.
const [FD, RETVAL, IN_LEN, OUT_LEN, IN, OUT, REPEAT, CTX_IN_LEN, CTX_OUT_LEN, CTX_IN, CTX_OUT] = [
  0, 4, 8, 12, 16, 24, 32, 40, 44, 48, 56,
]
const OUT_ROOM = 8192
const FLAGS = 64
const GSO_SEGS = 164
/** linux/bpf.h, Linux 6.17: the frame comes with the sum that a NIC has taken of it, and must leave with the right one. */
const BPF_F_TEST_SKB_CHECKSUM_COMPLETE = 4
/** As many segments as any frame is told to have. */
const SEGMENTS = 3

/** The longest frame that the kernel makes for a test run. */
export const LONGEST = 3500

/** Runs programs on frames (BPF_PROG_TEST_RUN) without allocation: `out` is good until the next run. */
export class TestRun {
  readonly #slab = mapMemory(OUT_AT + OUT_ROOM)
  /** What the last program returned, skb->mark as it left it, and the frame. */
  answer = 0
  mark = 0
  out: Uint8Array = new Uint8Array(0)
  ns = 0
  /** Whether it is as many segments as it was. */
  hasSegments = true

  /** `isSummed`: by the NIC, of which older kernels know nothing. */
  constructor(isSummed = false) {
    const { view, address } = this.#slab
    for (const [at, to] of [
      [IN, IN_AT],
      [OUT, OUT_AT],
      [CTX_IN, BEFORE_AT],
      [CTX_OUT, AFTER_AT],
    ] as const)
      view.setBigUint64(at, BigInt(address + to), true)
    view.setUint32(FLAGS, isSummed ? BPF_F_TEST_SKB_CHECKSUM_COMPLETE : 0, true)
  }

  run(fd: number, frame: Uint8Array, { gsoSize = 0, mark = 0, times = 1 } = {}): this {
    const { view, bytes, address } = this.#slab
    view.setUint32(FD, fd, true)
    view.setUint32(IN_LEN, frame.length, true)
    view.setUint32(OUT_LEN, OUT_ROOM, true)
    view.setUint32(REPEAT, times, true)
    for (const at of [CTX_IN_LEN, CTX_OUT_LEN]) view.setUint32(at, SK_BUFF_LEN, true)
    view.setUint32(BEFORE_AT + Skb.MARK, mark, true)
    view.setUint32(BEFORE_AT + Skb.GSO_SIZE, gsoSize, true)
    view.setUint32(BEFORE_AT + GSO_SEGS, gsoSize > 0 ? SEGMENTS : 0, true)
    bytes.set(frame, IN_AT)
    if (bpfAt(Command.PROG_TEST_RUN, address) < 0) throw new SystemError('BPF_PROG_TEST_RUN')
    this.answer = view.getInt32(RETVAL, true)
    this.mark = view.getUint32(AFTER_AT + Skb.MARK, true)
    this.hasSegments = view.getUint32(AFTER_AT + GSO_SEGS, true) === (gsoSize > 0 ? SEGMENTS : 0)
    this.ns = view.getUint32(36, true)
    this.out = bytes.subarray(OUT_AT, OUT_AT + view.getUint32(OUT_LEN, true))
    return this
  }
}
