/*
 * A program: INTERFACE MAC ADDRESS PORT. After "RATE SECONDS" on standard input it sends SYNs to that station, from addresses of 10.0.0.0/8 at
 * random that are nobody's; then prints {"sent", "seconds"}. A RATE of 0 means as fast as one thread can.
 */
import { createInterface } from 'node:readline'
import { mapMemory } from '../../../src/linux/libc.js'
import { interfaceInfo } from '../../../src/linux/interface.js'
import { bindTo, packetSocket } from '../../../src/linux/packet-socket.js'
import { parseIpv4, parseMac, type Ipv4Addr } from '../../../src/wire/addr.js'
import { fold, pseudoHeaderSum, sum16 } from '../../../src/wire/checksum.js'
import { IpProtocol } from '../../../src/wire/ipv4.js'
import { TCP_CHECKSUM_AT, TCP_FLAGS_AT, TCP_MIN_LEN, TcpFlag } from '../../../src/wire/tcp.js'
import { batchOf, PAYLOAD_AT, sendFrames, writeHeaders } from './crafted-frames.js'
import { Pace } from './pace.js'
import { shortSleep, wakeOnTime } from './short-sleep.js'

const FRAMES = 2 ** 16
const BATCH = 256
const STRIDE = 64
const SOURCES = parseIpv4('10.0.0.0')!

wakeOnTime()
const [name = '', mac = '', address = '', port = ''] = process.argv.slice(2)
const to = { mac: parseMac(mac)!, addr: parseIpv4(address)!, port: Number(port) }
const frames = mapMemory(FRAMES * STRIDE)
for (let i = 0; i < FRAMES; i++) writeSyn(frames.view as DataView, i * STRIDE)
const fd = packetSocket()
bindTo(fd, interfaceInfo(name).index, 0, name)
const batches = Array.from({ length: FRAMES / BATCH }, (_, batch) =>
  batchOf(frames.address + batch * BATCH * STRIDE, BATCH, STRIDE, PAYLOAD_AT + TCP_MIN_LEN),
)

function writeSyn(view: DataView, at: number): void {
  const source = (SOURCES + Math.floor(Math.random() * 2 ** 24)) as Ipv4Addr
  writeHeaders(view, at, to, source, IpProtocol.TCP, TCP_MIN_LEN)
  const tcp = at + PAYLOAD_AT
  view.setUint16(tcp, 1024 + Math.floor(Math.random() * 60_000))
  view.setUint16(tcp + 2, to.port)
  view.setUint32(tcp + 4, Math.floor(Math.random() * 2 ** 32))
  view.setUint8(tcp + 12, TCP_MIN_LEN << 2)
  view.setUint8(tcp + TCP_FLAGS_AT, TcpFlag.SYN)
  view.setUint16(tcp + 14, 0xffff)
  const pseudo = pseudoHeaderSum(source, to.addr, IpProtocol.TCP, TCP_MIN_LEN)
  view.setUint16(tcp + TCP_CHECKSUM_AT, ~fold(sum16(view, tcp, TCP_MIN_LEN, pseudo)))
}

function flood(perSecond: number, seconds: number): { sent: number; seconds: number } {
  const began = performance.now()
  const end = began + seconds * 1000
  const pace = new Pace(perSecond || Infinity, BATCH, began)
  let [sent, turn, now] = [0, 0, began]
  for (; now < end; now = performance.now()) {
    for (let due = pace.due(now); due > 0; due -= BATCH) {
      sent += sendFrames(fd, batches[turn++ % batches.length]!, BATCH)
    }
    shortSleep(pace.waitMs())
  }
  return { sent, seconds: (now - began) / 1000 }
}

for await (const line of createInterface(process.stdin)) {
  const [rate = 0, seconds = 0] = line.split(' ').map(Number)
  process.stdout.write(`${JSON.stringify(flood(rate, seconds))}\n`)
}
