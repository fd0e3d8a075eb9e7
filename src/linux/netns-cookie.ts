import { check, close, socket } from './libc.js'
import { getSocketOption, SocketOption } from './socket-option.js'

const AF_INET = 2
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000

/** The number of this network namespace, which no other ever gets (socket(7)); undefined before Linux 5.14. */
export function netnsCookie(): string | undefined {
  const fd = check(socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0), 'socket')
  const cookie = getSocketOption(fd, SocketOption.NETNS_COOKIE, 8)
  close(fd)
  return cookie?.readBigUInt64LE().toString()
}
