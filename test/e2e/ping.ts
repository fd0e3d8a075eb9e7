import { isIPv4 } from 'node:net'
import koffi from 'koffi'

/* ping, where there may be none installed: a raw ICMP socket (raw(7)), which needs root. */

const AF_INET = 2
const SOCK_RAW = 3
const IPPROTO_ICMP = 1
const SOL_SOCKET = 1
const SO_RCVTIMEO = 20
const ECHO = 8
const ECHO_REPLY = 0
const ID = 0x7576

/** Whether the address answers an echo request, with the octets that were sent, within 20 s. */
export function ping(addr: string, payload = ''): boolean {
  if (!isIPv4(addr)) throw new RangeError(addr)
  const libc = koffi.load(null)
  const socket = libc.func('int socket(int, int, int)')
  const setsockopt = libc.func('int setsockopt(int, int, int, const void *, uint32_t)')
  const connect = libc.func('int connect(int, const void *, uint32_t)')
  const write = libc.func('intptr_t write(int, const void *, size_t)')
  const read = libc.func('intptr_t read(int, void *, size_t)')
  const close = libc.func('int close(int)')

  const fd = Number(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP))
  if (fd < 0) throw new Error(`no raw socket: errno ${koffi.errno()}`)
  try {
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, Buffer.from(new BigInt64Array([20n, 0n]).buffer), 16)
    connect(fd, Buffer.of(AF_INET, 0, 0, 0, ...addr.split('.').map(Number), 0, 0, 0, 0, 0, 0, 0, 0), 16)
    const request = echoRequest(payload)
    write(fd, request, request.length)
    const packet = Buffer.alloc(2048)
    for (;;) {
      const len = Number(read(fd, packet, packet.length))
      if (len < 0) return false
      const message = packet.subarray((packet[0]! & 15) * 4, len)
      if (message[0] === ECHO_REPLY && message.readUInt16BE(4) === ID) return message.subarray(8).toString() === payload
    }
  } finally {
    close(fd)
  }
}

function echoRequest(payload: string): Buffer {
  const message = Buffer.concat([Buffer.of(ECHO, 0, 0, 0, ID >> 8, ID & 255, 0, 1), Buffer.from(payload)])
  let sum = 0
  message.forEach((octet, i) => (sum += i % 2 === 0 ? octet << 8 : octet))
  message.writeUInt16BE(~((sum & 0xffff) + (sum >>> 16)) & 0xffff, 2)
  return message
}
