import type { Slab } from '../packet/frame.js'
import { mapMemory, poll } from './libc.js'
import { takeError } from './packet-socket.js'

const POLLIN = 1
const POLLERR = 8
/** struct pollfd: fd, events, revents. */
const POLLFD_LEN = 8

/** Waits until one of some file descriptors is readable (poll(2)). */
export class Poller {
  readonly #memory: Slab
  readonly #count: number

  constructor(fds: readonly number[]) {
    const memory = mapMemory(Math.max(1, fds.length) * POLLFD_LEN)
    fds.forEach((fd, i) => {
      memory.view.setInt32(i * POLLFD_LEN, fd, true)
      memory.view.setInt16(i * POLLFD_LEN + 4, POLLIN, true)
    })
    this.#memory = memory
    this.#count = fds.length
  }

  /**
   * Blocks this thread for at most `ms`. A signal, too, ends the wait; so does a socket's error, that its interface has
   * gone down, once. Returns whether the first one is readable.
   */
  wait(ms: number): boolean {
    const ready: number = poll(this.#memory.address, this.#count, ms)
    if (ready <= 0 || this.#count === 0) return false
    this.#takeErrors()
    return (this.#memory.view.getInt16(6, true) & POLLIN) !== 0
  }

  /** Takes a socket's error: one that is left would end every wait from now on. */
  #takeErrors(): void {
    const { view } = this.#memory
    for (let at = 0; at < this.#count * POLLFD_LEN; at += POLLFD_LEN)
      if ((view.getInt16(at + 6, true) & POLLERR) !== 0) takeError(view.getInt32(at, true))
  }
}
