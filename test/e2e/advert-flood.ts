import { setTimeout as sleep } from 'node:timers/promises'
import { errno, sendto } from '../../src/linux/libc.js'
import { interfaceInfo } from '../../src/linux/interface.js'
import { packetSocket } from '../../src/linux/packet-socket.js'
import { forged, type Forged } from '../keepalived/vrrp/forged.js'
import { concat, unhex } from '../support/octets.js'

/*
 * advert-flood.js INTERFACE VIP SOURCE SECONDS ADVERTS: sends adverts that a router of VRID 51, version 3 refuses, each kind for another
 * reason, so many a second. Each would matter if it were taken: priority 255, or 0. Prints how many there were.
 */

const [, , name = '', vip = '', source = '', seconds = '', perSecond = ''] = process.argv
const BURST_MS = 10
/** 224.0.0.18, from a station that nobody knows. */
const ETHERNET = unhex('01005e0000120200000000770800')

const right: Forged = { version: 3, interval: 100, addresses: [vip], source }
const KINDS: readonly Forged[] = [
  { ttl: 254 },
  { spoilChecksum: 1 },
  { cut: 6 },
  { extra: 4 },
  { vrid: 99 },
  { version: 2, interval: 1 },
  { type: 2 },
  { addresses: [vip, vip] },
  { addresses: ['192.0.2.99'] },
]
const frames = KINDS.flatMap(kind =>
  [0, 255].map(priority => concat(ETHERNET, forged({ ...right, ...kind, priority }))),
)

const fd = packetSocket()
const to = Buffer.alloc(20)
to.writeUInt16LE(17, 0)
to.writeUInt16BE(0x0800, 2)
to.writeInt32LE(interfaceInfo(name).index, 4)
to.writeUInt8(6, 11)
to.set(ETHERNET.subarray(0, 6), 12)
let [sent, failed] = [0, 0]
const began = performance.now()
for (const end = began + Number(seconds) * 1000; performance.now() < end;) {
  // What a busy machine kept back is made up for, within reason.
  const owed = Math.min(
    ((performance.now() - began) * Number(perSecond)) / 1000 - sent - failed,
    Number(perSecond) / 10,
  )
  for (let left = owed; left > 0; left--) {
    const frame = frames[sent % frames.length]!
    if (sendto(fd, frame, frame.length, 0, to, to.length) === frame.length) sent++
    else {
      failed++
      if (errno() === 0) break
    }
  }
  await sleep(BURST_MS)
}
process.stdout.write(`${sent} sent, ${failed} not\n`)
