/*
 * A program: INTERFACE MAC ADDRESS FIRST SERVICES COUNT. Sends a datagram of each of COUNT clients of 10.64.0.0/10, the next to the next of so
 * many UDP ports from FIRST on, no faster than a director takes them. They carry nothing, and a checksum of 0, which is none.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { interfaceInfo } from '../../src/linux/interface.js'
import { sendto } from '../../src/linux/libc.js'
import { packetSocket } from '../../src/linux/packet-socket.js'
import { fold, sum16 } from '../../src/wire/checksum.js'
import { parseIpv4, parseMac } from '../../src/wire/addr.js'

const PER_SECOND = 50_000
const BURST_MS = 5
const FIRST_CLIENT = 0x0a400001
const [IP, UDP] = [14, 34]

const [, , link = '', mac = '', address = '', first = '', services = '', count = ''] = process.argv
const frame = Buffer.alloc(60)
const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
const { hi, lo } = parseMac(mac)!
view.setUint16(0, hi)
view.setUint32(2, lo)
view.setUint32(6, 0x02000000)
view.setUint16(10, 0x6666)
view.setUint16(12, 0x0800)
view.setUint32(IP, 0x4500001c)
view.setUint32(IP + 4, 0x00004000)
view.setUint16(IP + 8, 0x4011)
view.setInt32(IP + 16, parseIpv4(address)!)
view.setUint16(UDP + 4, 8)

const fd = packetSocket()
const to = Buffer.alloc(20)
to.writeUInt16LE(17, 0)
to.writeInt32LE(interfaceInfo(link).index, 4)

function send(client: number): void {
  view.setUint16(IP + 10, 0)
  view.setUint32(IP + 12, FIRST_CLIENT + client)
  view.setUint16(IP + 10, ~fold(sum16(view, IP, 20)) & 0xffff)
  view.setUint16(UDP, 1024 + (client % 60_000))
  view.setUint16(UDP + 2, Number(first) + (client % Number(services)))
  sendto(fd, frame, frame.length, 0, to, to.length)
}

const began = performance.now()
for (let sent = 0; sent < Number(count); await sleep(BURST_MS)) {
  const due = Math.min(Number(count), ((performance.now() - began) * PER_SECOND) / 1000)
  while (sent < due) send(sent++)
}
