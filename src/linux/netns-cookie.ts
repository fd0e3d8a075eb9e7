import { check, close, getsockopt, socket } from './libc.js'

const AF_INET = 2
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000
const SOL_SOCKET = 1
const SO_NETNS_COOKIE = 71

/** The number of this network namespace, which no other ever gets (socket(7)); undefined before Linux 5.14. */
export function netnsCookie(): string | undefined {
  const fd = check(socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0), 'socket')
  const cookie = Buffer.alloc(8)
  const found = getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, Buffer.from(Uint32Array.of(8).buffer)) >= 0
  close(fd)
  return found ? cookie.readBigUInt64LE().toString() : undefined
}
