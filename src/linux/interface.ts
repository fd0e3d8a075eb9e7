import type { MacAddr } from '../wire/addr.js'
import { check, close, ioctl, socket } from './libc.js'
import { AF_INET, SOCK_DGRAM_CLOEXEC } from './socket-constants.js'

// linux/sockios.h, net/if.h
const SIOCGIFFLAGS = 0x8913
const SIOCSIFFLAGS = 0x8914
const SIOCGIFMTU = 0x8921
const SIOCGIFHWADDR = 0x8927
const SIOCGIFINDEX = 0x8933
const IFF_UP = 1
const IFNAMSIZ = 16
const IFREQ_LEN = 40

/** What the kernel knows of a network interface. */
export interface InterfaceInfo {
  readonly index: number
  readonly mac: MacAddr
  readonly mtu: number
  readonly isUp: boolean
}

/** A struct ifreq for the interface, to be filled in by an ioctl. RangeError for a name no interface can have. */
export function ifreq(name: string): Buffer {
  const octets = Buffer.byteLength(name)
  if (octets === 0 || octets >= IFNAMSIZ || /[/\s:]/.test(name))
    throw new RangeError(`'${name}' is no interface's name`)
  const request = Buffer.alloc(IFREQ_LEN)
  request.write(name)
  return request
}

/** Asks the kernel. SystemError ENODEV when there is no such interface. */
export function interfaceInfo(name: string): InterfaceInfo {
  return withSocket(fd => {
    const ask = (request: number): Buffer => {
      const answer = ifreq(name)
      check(ioctl(fd, request, answer), name)
      return answer
    }
    const mac = ask(SIOCGIFHWADDR)
    return {
      index: ask(SIOCGIFINDEX).readInt32LE(IFNAMSIZ),
      mac: { hi: mac.readUInt16BE(IFNAMSIZ + 2), lo: mac.readUInt32BE(IFNAMSIZ + 4) },
      mtu: ask(SIOCGIFMTU).readInt32LE(IFNAMSIZ),
      isUp: (ask(SIOCGIFFLAGS).readUInt16LE(IFNAMSIZ) & IFF_UP) !== 0,
    }
  })
}

/** Sets the interface up, or down. */
export function bringUp(name: string, isUp = true): void {
  withSocket(fd => {
    const request = ifreq(name)
    check(ioctl(fd, SIOCGIFFLAGS, request), name)
    const flags = request.readUInt16LE(IFNAMSIZ)
    request.writeUInt16LE(isUp ? flags | IFF_UP : flags & ~IFF_UP, IFNAMSIZ)
    check(ioctl(fd, SIOCSIFFLAGS, request), `setting ${name} ${isUp ? 'up' : 'down'}`)
  })
}

function withSocket<T>(use: (fd: number) => T): T {
  const fd = check(socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0), 'socket')
  try {
    return use(fd)
  } finally {
    close(fd)
  }
}
