import { mapMemory, poll } from './libc.js'

const POLLIN = 1
/** struct pollfd: fd, events, revents. */
const POLLFD_LEN = 8

/** Waits until one of some file descriptors is readable (poll(2)). */
export class Poller {
  readonly #address: number
  readonly #count: number

  constructor(fds: readonly number[]) {
    const memory = mapMemory(Math.max(1, fds.length) * POLLFD_LEN)
    fds.forEach((fd, i) => {
      memory.view.setInt32(i * POLLFD_LEN, fd, true)
      memory.view.setInt16(i * POLLFD_LEN + 4, POLLIN, true)
    })
    this.#address = memory.address
    this.#count = fds.length
  }

  /** Blocks this thread for at most `ms`. A signal, too, ends the wait. */
  wait(ms: number): void {
    poll(this.#address, this.#count, ms)
  }
}
