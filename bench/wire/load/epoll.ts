import koffi from 'koffi'
import { check, mapMemory } from '../../../src/linux/libc.js'

const EPOLL_CTL_ADD = 1
const EPOLLIN = 1
const POLLIN = 1
/** struct epoll_event: the events, then 64 bits of ours; packed on x64 only (epoll_ctl(2)). */
const DATA = process.arch === 'x64' ? 4 : 8
const STRIDE = DATA + 8
const MOST = 64
const POLLFD_LEN = 8

const libc = koffi.load(null)
const epollCreate = libc.func('int epoll_create1(int flags)')
const epollCtl = libc.func('int epoll_ctl(int set, int operation, int fd, uintptr_t event)')
const epollWait = libc.func('int epoll_wait(int set, uintptr_t events, int most, int timeout)')
const ppoll = libc.func('int ppoll(uintptr_t fds, unsigned long count, uintptr_t timeout, uintptr_t signals)')

/** Waits for sockets to become readable: epoll(7), level-triggered, with timeouts below a millisecond. */
export class Epoll {
  readonly #set = check(epollCreate(0), 'epoll_create1')
  readonly #memory = mapMemory(MOST * STRIDE + POLLFD_LEN + 16)
  readonly #pollfd = MOST * STRIDE
  readonly #timespec = this.#pollfd + POLLFD_LEN

  constructor() {
    this.#memory.view.setInt32(this.#pollfd, this.#set, true)
    this.#memory.view.setInt16(this.#pollfd + 4, POLLIN, true)
  }

  /** `id`: the number by which `id(i)` reports this socket. */
  add(fd: number, id: number): void {
    this.#memory.view.setUint32(0, EPOLLIN, true)
    this.#memory.view.setUint32(DATA, id, true)
    check(epollCtl(this.#set, EPOLL_CTL_ADD, fd, this.#memory.address), 'epoll_ctl')
  }

  /** How many sockets are ready now, at most 64; `id(i)` names the i-th. */
  ready(): number {
    return epollWait(this.#set, this.#memory.address, MOST, 0) as number
  }

  id(i: number): number {
    return this.#memory.view.getUint32(i * STRIDE + DATA, true)
  }

  /** Waits until a socket is ready or the time is over; a signal ends the wait early. */
  wait(ms: number): void {
    const { view, address } = this.#memory
    view.setInt32(this.#timespec, Math.trunc(ms / 1000), true)
    view.setInt32(this.#timespec + 8, Math.trunc((ms % 1000) * 1e6), true)
    ppoll(address + this.#pollfd, 1, address + this.#timespec, 0)
  }
}
