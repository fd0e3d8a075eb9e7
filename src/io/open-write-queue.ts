import { Uring } from '../linux/uring.js'
import { PlainWrites } from './plain-writes.js'
import { UringWrites } from './uring-writes.js'
import { MOST_WRITES, type WriteQueue } from './write-queue.js'

/** By io_uring, a system call a batch, where there is one; otherwise a call a frame. For the calling thread only; the file must not block. */
export function openWriteQueue(fd: number): WriteQueue {
  const ring = Uring.open(MOST_WRITES)
  return ring ? new UringWrites(fd, ring) : new PlainWrites(fd)
}
