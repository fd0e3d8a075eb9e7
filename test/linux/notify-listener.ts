import { bind, check, close, mapMemory, recvfrom, socket } from '../../src/linux/libc.js'

const AF_UNIX = 1
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000
const MSG_DONTWAIT = 0x40
const DATAGRAM_MAX = 4096

/** The service manager's end of NOTIFY_SOCKET: a path, or '@' and an abstract name. */
export class NotifyListener {
  readonly #fd = check(socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0), 'a unix datagram socket')
  readonly #slab = mapMemory(DATAGRAM_MAX)

  constructor(t: { teardown(fn: () => void): void }, name: string) {
    const address = Buffer.from(`\u0001\0${name.replace(/^@/, '\0')}`)
    check(bind(this.#fd, address, address.length), `bind ${name}`)
    t.teardown(() => close(this.#fd))
  }

  /** The next datagram, or undefined where there is none yet. */
  next(): string | undefined {
    const len = recvfrom(this.#fd, this.#slab.address, DATAGRAM_MAX, MSG_DONTWAIT, 0, 0)
    return len < 0 ? undefined : Buffer.from(this.#slab.bytes.subarray(0, Number(len))).toString()
  }
}
