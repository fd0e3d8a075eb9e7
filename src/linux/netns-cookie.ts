import { check, close, socket } from './libc.js'
import { AF_INET, SOCK_DGRAM_CLOEXEC } from './socket-constants.js'
import { getSocketOption, SocketOption } from './socket-option.js'

/** The number of this network namespace, which no other ever gets (socket(7)); undefined before Linux 5.14. */
export function netnsCookie(): string | undefined {
  const fd = check(socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0), 'socket')
  const cookie = getSocketOption(fd, SocketOption.NETNS_COOKIE, 8)
  close(fd)
  return cookie?.readBigUInt64LE().toString()
}
