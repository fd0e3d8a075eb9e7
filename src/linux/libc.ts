import { constants } from 'node:os'
import koffi from 'koffi'
import { slabOver, type Slab } from '../packet/frame.js'
import { systemReason } from './error-text.js'

/*
 * The kernel's calls, straight from libc. Pointers are passed as addresses; a call costs 150–270 ns (docs/measurements.md), so the
 * loop makes a few a batch, not one a frame.
 */
const libc = koffi.load(null)

export const socket = libc.func('int socket(int domain, int type, int protocol)')
export const socketpair = libc.func('int socketpair(int domain, int type, int protocol, void *fds)')
export const bind = libc.func('int bind(int fd, const void *addr, uint32_t len)')
export const connect = libc.func('int connect(int fd, const void *addr, uint32_t len)')
export const setsockopt = libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t len)')
export const getsockopt = libc.func('int getsockopt(int fd, int level, int name, void *value, void *len)')
export const getsockname = libc.func('int getsockname(int fd, void *address, void *len)')
export const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)')
/** As ioctl, where the argument is a number and not a place. */
export const ioctlNumber = libc.func('ioctl', 'int', ['int', 'unsigned long', 'unsigned long'])
export const fcntl = libc.func('int fcntl(int fd, int command, long argument)')
export const open = libc.func('int open(const char *path, int flags)')
export const close = libc.func('int close(int fd)')
export const mount = libc.func(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
)
export const mkfifo = libc.func('int mkfifo(const char *path, uint32_t mode)')
export const read = libc.func('intptr_t read(int fd, uintptr_t buffer, size_t len)')
export const recvfrom = libc.func(
  'intptr_t recvfrom(int fd, uintptr_t buffer, size_t len, int flags, uintptr_t address, uintptr_t addressLen)',
)
export const sendto = libc.func(
  'intptr_t sendto(int fd, const void *buffer, size_t len, int flags, const void *addr, uint32_t addrLen)',
)
/** As sendto, from where the octets lie. */
export const sendtoFrom = libc.func('sendto', 'intptr_t', [
  'int',
  'uintptr_t',
  'size_t',
  'int',
  'uintptr_t',
  'uint32_t',
])
export const write = libc.func('intptr_t write(int fd, uintptr_t buffer, size_t len)')
export const poll = libc.func('int poll(uintptr_t fds, unsigned long count, int timeout)')
export const sendmmsg = libc.func('int sendmmsg(int fd, uintptr_t messages, unsigned int count, int flags)')
export const eventfd = libc.func('int eventfd(unsigned int value, int flags)')
export const schedGetcpu = libc.func('int sched_getcpu()')
export const clockGettime = libc.func('int clock_gettime(int clock, uintptr_t time)')
export const schedYield = libc.func('int sched_yield()')
/** Puts the calling thread into the namespace that a file of /proc/…/ns or /run/netns stands for (setns(2)). */
export const setns = libc.func('int setns(int fd, int type)')
export const schedSetaffinity = libc.func('int sched_setaffinity(int thread, size_t len, uintptr_t set)')
/** For calls that libc has no name for: bpf(2), sched_setattr(2). `flags` is 0 for those of three arguments. */
export const syscall = libc.func('syscall', 'long', ['long', 'int', 'uintptr_t', 'unsigned int', 'unsigned int'])
const ioUringSetupCall = libc.func('syscall', 'long', ['long', 'unsigned int', 'uintptr_t'])
const ioUringEnterCall = libc.func('syscall', 'long', [
  'long',
  'int',
  'unsigned int',
  'unsigned int',
  'unsigned int',
  'uintptr_t',
  'size_t',
])
const mmapCall = libc.func('void *mmap(void *at, size_t len, int protection, int flags, int fd, int64_t offset)')

const munmapCall = libc.func('int munmap(uintptr_t at, size_t len)')

const PROT_READ_WRITE = 3
const MAP_SHARED = 1
const MAP_PRIVATE_ANONYMOUS = 0x22

/** A system call failed. One line: what was tried, on what, and the system's own word for why. */
export class SystemError extends Error {
  override readonly name = 'SystemError'
  readonly code: string

  /** `reasons`: what the errnos mean here, rather than what they mostly do. */
  constructor(what: string, errno = koffi.errno(), reasons: Readonly<Record<string, string>> = {}) {
    const code = errnoName(errno)
    const why = reasons[code] ?? explanations[code] ?? systemReason(-errno)
    super(`${what}: ${why ? `${why} (${code})` : code}`)
    this.code = code
  }
}

const explanations: Record<string, string> = {
  EPERM: 'root or CAP_NET_RAW and CAP_NET_ADMIN are needed',
  EACCES: 'root or CAP_NET_RAW and CAP_NET_ADMIN are needed',
  ENODEV: 'there is no such interface',
  EBUSY: 'another process holds it',
  EADDRINUSE: 'another process holds it',
  ENETDOWN: 'the interface is down',
  ENOENT: 'it does not exist',
}

function errnoName(errno: number): string {
  const entry = Object.entries(constants.errno).find(([, value]) => value === errno)
  return entry?.[0] ?? `errno ${errno}`
}

/** Returns the result of a call that returns −1 for failure; then throws SystemError. */
export function check(result: number, what: string): number {
  if (result < 0) throw new SystemError(what)
  return result
}

// Linux's numbers for them, the same on every architecture; libc has no names for these calls.
const SYS_IO_URING_SETUP = 425
const SYS_IO_URING_ENTER = 426

/** io_uring_setup(2); `params` is the address of a struct io_uring_params. */
export function ioUringSetup(entries: number, params: number): number {
  return ioUringSetupCall(SYS_IO_URING_SETUP, entries, params)
}
/** io_uring_enter(2) without signals: submits so many, and waits for so many completions. */
export function ioUringEnter(fd: number, submit: number, complete: number, flags: number): number {
  return ioUringEnterCall(SYS_IO_URING_ENTER, fd, submit, complete, flags, 0, 0)
}

/** The last call's errno. */
export function errno(): number {
  return koffi.errno()
}
export const { EAGAIN, EEXIST, EINTR, ENOBUFS, ENETDOWN, ENXIO, EINVAL } = constants.errno

/** Memory shared with the kernel, `len` octets of the ring of a packet socket. */
export function mapRing(fd: number, len: number): Slab {
  return map(MAP_SHARED, fd, len, 'mmap of the packet ring')
}
/** One of the memories of an io_uring: which, its offset tells (io_uring_setup(2)). It is never given back. */
export function mapUring(fd: number, len: number, offset: number): Slab {
  return map(MAP_SHARED, fd, len, 'mmap of an io_uring', offset)
}
/** Unmaps what `mapRing` has mapped. To read it afterwards ends the process. */
export function unmapRing({ bytes, address }: Slab): void {
  check(munmapCall(address, bytes.length), 'munmap of the packet ring')
}
/** Memory of our own that the kernel can be pointed at; it is never given back. */
export function mapMemory(len: number): Slab {
  return map(MAP_PRIVATE_ANONYMOUS, -1, len, `mmap of ${len} octets`)
}

function map(flags: number, fd: number, len: number, what: string, offset = 0): Slab {
  const at: unknown = mmapCall(null, len, PROT_READ_WRITE, flags, fd, offset)
  const address = Number(koffi.address(at))
  if (address >= 2 ** 63) throw new SystemError(what)
  return slabOver(koffi.view(at, len), address)
}

const word = mapMemory(8)
/** Empties an eventfd. */
export function readWord(fd: number): void {
  read(fd, word.address, 8)
}

// linux/time.h
const CLOCK_THREAD_CPUTIME_ID = 3
const timespec = mapMemory(16)
/** How long the calling thread has had a CPU, in ms. Unlike the wall clock it stands still while another thread has it. */
export function threadCpuMs(): number {
  check(clockGettime(CLOCK_THREAD_CPUTIME_ID, timespec.address), 'clock_gettime')
  return Number(timespec.view.getBigInt64(0, true)) * 1e3 + Number(timespec.view.getBigInt64(8, true)) / 1e6
}
