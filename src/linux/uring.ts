import { check, close, EINTR, errno, ioUringEnter, ioUringSetup, mapMemory, mapUring } from './libc.js'

// linux/io_uring.h
const SETUP_SINGLE_ISSUER = 1 << 12
/** Linux 6.1: completions are made only where they are asked for. Older kernels refuse it, and are not asked for more. */
const SETUP_DEFER_TASKRUN = 1 << 13
const ENTER_GETEVENTS = 1
const OFF_RINGS = 0
const OFF_SQES = 0x1000_0000
// struct io_uring_params: entries of both rings, flags; then where things stand in the rings.
const PARAMS_LEN = 120
const SQ_ENTRIES = 0
const CQ_ENTRIES = 4
const FLAGS = 8
const SQ_HEAD = 40
const SQ_TAIL = 44
const SQ_ARRAY = 64
const CQ_HEAD = 80
const CQ_TAIL = 84
const CQ_CQES = 100
const CQE_LEN = 16
const SQE_LEN = 64

/** 32-bit words of a submission entry. */
export const SQE_WORDS = SQE_LEN / 4

/**
 * An io_uring (io_uring_setup(2)) of one thread, whose operations never block: a batch of them is one system call, and
 * all are done when that returns. They are done in the order of their entries.
 */
export class Uring {
  /** Submission entries, of SQE_WORDS each: whoever uses the ring fills them, from `place` on. */
  readonly sqes: Int32Array
  readonly #fd: number
  readonly #words: Int32Array
  readonly #sqHead: number
  readonly #sqTail: number
  readonly #sqMask: number
  readonly #cqHead: number
  readonly #cqTail: number
  readonly #cqMask: number
  readonly #cqes: number
  /** As the kernel has it in its ring; only we move it. */
  #tail = 0

  /** One of so many entries, a power of two, or none where the kernel has no io_uring, or forbids it. */
  static open(entries: number): Uring | undefined {
    const params = mapMemory(PARAMS_LEN)
    params.view.setUint32(FLAGS, SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN, true)
    const fd = ioUringSetup(entries, params.address)
    return fd < 0 ? undefined : new Uring(fd, params.view)
  }

  private constructor(fd: number, params: DataView<ArrayBufferLike>) {
    const param = (at: number): number => params.getUint32(at, true)
    const sqEntries = param(SQ_ENTRIES)
    const cqEntries = param(CQ_ENTRIES)
    const len = Math.max(param(SQ_ARRAY) + sqEntries * 4, param(CQ_CQES) + cqEntries * CQE_LEN)
    this.#fd = fd
    this.#words = new Int32Array(mapUring(fd, len, OFF_RINGS).bytes.buffer, 0, len >>> 2)
    this.sqes = new Int32Array(mapUring(fd, sqEntries * SQE_LEN, OFF_SQES).bytes.buffer)
    this.#sqHead = param(SQ_HEAD) >>> 2
    this.#sqTail = param(SQ_TAIL) >>> 2
    this.#sqMask = sqEntries - 1
    this.#cqHead = param(CQ_HEAD) >>> 2
    this.#cqTail = param(CQ_TAIL) >>> 2
    this.#cqMask = cqEntries - 1
    this.#cqes = param(CQ_CQES) >>> 2
    const array = param(SQ_ARRAY) >>> 2
    for (let i = 0; i < sqEntries; i++) this.#words[array + i] = i
  }

  /** Where in `sqes` the `i`th entry of the next batch stands. */
  place(i: number): number {
    return ((this.#tail + i) & this.#sqMask) * SQE_WORDS
  }

  /** Runs the next `count` entries, at most as many as there are; returns how many of them failed. */
  run(count: number): number {
    this.#tail = (this.#tail + count) | 0
    Atomics.store(this.#words, this.#sqTail, this.#tail)
    let waiting = count
    while (waiting > 0) {
      const done = ioUringEnter(this.#fd, waiting, waiting, ENTER_GETEVENTS)
      if (done < 0 && errno() !== EINTR) break
      waiting = (this.#tail - Atomics.load(this.#words, this.#sqHead)) | 0
    }
    if (waiting > 0) this.#withdraw(waiting)
    return waiting + this.#failed(count - waiting)
  }

  /** What the kernel would not even look at is not left to a later batch: its frames are gone by then. */
  #withdraw(count: number): void {
    this.#tail = (this.#tail - count) | 0
    Atomics.store(this.#words, this.#sqTail, this.#tail)
  }

  /** Takes `count` completions; returns how many are of failures. */
  #failed(count: number): number {
    const words = this.#words
    let head = words[this.#cqHead]!
    let failed = 0
    for (let taken = 0; taken < count;) {
      const ready = (Atomics.load(words, this.#cqTail) - head) | 0
      if (ready === 0) ioUringEnter(this.#fd, 0, count - taken, ENTER_GETEVENTS)
      for (let i = 0; i < ready; i++, taken++) {
        if (words[this.#cqes + (head & this.#cqMask) * (CQE_LEN / 4) + 2]! < 0) failed++
        head = (head + 1) | 0
      }
      Atomics.store(words, this.#cqHead, head)
    }
    return failed
  }

  close(): void {
    check(close(this.#fd), 'close')
  }
}
