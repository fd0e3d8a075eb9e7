import { check, getsockopt, setsockopt } from './libc.js'

/* What any socket can be told and asked: the options of level SOL_SOCKET, socket(7). */

const SOL_SOCKET = 1

export const SocketOption = {
  REUSEADDR: 2,
  ERROR: 4,
  RCVBUF: 8,
  PEERCRED: 17,
  RCVTIMEO: 20,
  SNDTIMEO: 21,
  BINDTODEVICE: 25,
  ATTACH_FILTER: 26,
  DETACH_FILTER: 27,
  /** As those without FORCE, beyond the bounds of net.core.rmem_max and wmem_max. */
  SNDBUFFORCE: 32,
  RCVBUFFORCE: 33,
  MARK: 36,
  NETNS_COOKIE: 71,
} as const
export type SocketOption = (typeof SocketOption)[keyof typeof SocketOption]

/** SystemError of `what`. */
export function setSocketOption(fd: number, option: SocketOption, value: Uint8Array, what: string): void {
  check(setsockopt(fd, SOL_SOCKET, option, value, value.length), what)
}

/** Whether the kernel has taken it. */
export function trySocketOption(fd: number, option: SocketOption, value: Uint8Array): boolean {
  return setsockopt(fd, SOL_SOCKET, option, value, value.length) >= 0
}

/** An option of `len` octets; undefined: the kernel has none. */
export function getSocketOption(fd: number, option: SocketOption, len: number): Buffer | undefined {
  const value = Buffer.alloc(len)
  return getsockopt(fd, SOL_SOCKET, option, value, wordOf(len)) < 0 ? undefined : value
}

/** An int, or an unsigned one, as an option's value. */
export function wordOf(value: number): Buffer {
  return Buffer.from(Int32Array.of(value).buffer)
}
