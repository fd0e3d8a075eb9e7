import { bpf, Command, pointAt } from '../../src/ebpf/bpf.js'

const RETVAL = 4
/** Where the frame, and struct __sk_buff before and after, stand in the page. */
const [FRAME_AT, BEFORE_AT, AFTER_AT] = [1024, 512, 768]
const SK_BUFF_LEN = 192
const MARK_AT = 8

interface Run {
  answer: number
  nanoseconds: number
  /** skb->mark as the program has left it. */
  mark: number
}

/** What an eBPF program answers for a frame, which the kernel makes for it, with a mark if given (BPF_PROG_TEST_RUN). */
export function runProgram(
  fd: number,
  frame: Uint8Array,
  { times = 1, mark }: { times?: number; mark?: number } = {},
): Run {
  let answers: DataView | undefined
  const failed = bpf(Command.PROG_TEST_RUN, (attributes, address) => {
    answers = attributes
    attributes.setUint32(0, fd, true)
    attributes.setUint32(8, frame.length, true)
    attributes.setUint32(32, times, true)
    pointAt(attributes, address, 16, frame, FRAME_AT)
    if (mark === undefined) return
    for (const at of [40, 44]) attributes.setUint32(at, SK_BUFF_LEN, true)
    for (const [at, place] of [
      [48, BEFORE_AT],
      [56, AFTER_AT],
    ] as const)
      attributes.setBigUint64(at, BigInt(address + place), true)
    attributes.setUint32(BEFORE_AT + MARK_AT, mark, true)
  })
  if (failed < 0) throw new Error('BPF_PROG_TEST_RUN was refused')
  return {
    answer: answers!.getInt32(RETVAL, true),
    nanoseconds: answers!.getUint32(36, true),
    mark: answers!.getUint32(AFTER_AT + MARK_AT, true),
  }
}
