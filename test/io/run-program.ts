import { bpf, Command, pointAt } from '../../src/ebpf/bpf.js'

const RETVAL = 4

/** What an eBPF program answers for a frame, which the kernel makes for it (BPF_PROG_TEST_RUN). */
export function runProgram(fd: number, frame: Uint8Array, times = 1): { answer: number; nanoseconds: number } {
  let answers: DataView | undefined
  const failed = bpf(Command.PROG_TEST_RUN, (attributes, address) => {
    answers = attributes
    attributes.setUint32(0, fd, true)
    attributes.setUint32(8, frame.length, true)
    attributes.setUint32(32, times, true)
    pointAt(attributes, address, 16, frame, 1024)
  })
  if (failed < 0) throw new Error('BPF_PROG_TEST_RUN was refused')
  return { answer: answers!.getUint32(RETVAL, true), nanoseconds: answers!.getUint32(36, true) }
}
