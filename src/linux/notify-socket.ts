import { check, close, sendto, socket } from './libc.js'
import { AF_UNIX, SOCK_DGRAM_CLOEXEC } from './socket-constants.js'
import { SocketOption, trySocketOption } from './socket-option.js'

/*
 * sd_notify(3): a service tells its manager how it is, in datagrams of NAME=VALUE lines to the unix socket that NOTIFY_SOCKET names.
 * Node has no unix datagram sockets, and the packages that send these are built with a compiler: so by koffi.
 */

const MSG_NOSIGNAL = 0x4000
/** struct timeval: how long a manager may leave its socket unread before a line is given up. */
const ONE_SECOND = new Uint8Array(BigInt64Array.of(1n, 0n).buffer)
/** sockaddr_un's sun_path. A path in the file system ends with a NUL there; an abstract name does not. */
const SUN_PATH_MAX = 108

/** Sends to the socket of a service manager. */
export class NotifySocket {
  readonly #fd: number
  readonly #address: Buffer

  /** `name` as in NOTIFY_SOCKET: a path, or '@' and an abstract name. Throws an Error of one line for any other, and SystemError. */
  constructor(name: string) {
    this.#address = socketAddress(name)
    this.#fd = check(socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0), 'a unix datagram socket')
    trySocketOption(this.#fd, SocketOption.SNDTIMEO, ONE_SECOND)
  }

  /** Lines of NAME=VALUE. SystemError if nobody is there, or does not read for a second. */
  send(lines: readonly string[]): void {
    const text = Buffer.from(lines.join('\n'))
    const to = this.#address
    check(sendto(this.#fd, text, text.length, MSG_NOSIGNAL, to, to.length), 'NOTIFY_SOCKET')
  }

  close(): void {
    close(this.#fd)
  }
}

/** struct sockaddr_un: the family in host order, then the path and its NUL, or a NUL and the abstract name. */
function socketAddress(name: string): Buffer {
  const isAbstract = name.startsWith('@')
  const path = Buffer.from(isAbstract ? `\0${name.slice(1)}` : `${name}\0`)
  if (!/^[/@]./s.test(name) || path.length > SUN_PATH_MAX)
    throw new Error(
      `NOTIFY_SOCKET: '${name}' is neither a path nor @ and a name, of at most ${SUN_PATH_MAX - 1} octets`,
    )
  const family = Buffer.from(Uint16Array.of(AF_UNIX).buffer)
  return Buffer.concat([family, path])
}
