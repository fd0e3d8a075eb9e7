/*
 * A program: INTERFACE MAC ADDRESS PORT. After "FROM FLOWS PACKETS RATE" on standard input it sends datagrams to that station, of the clients numbered from
 * FROM on; FLOWS of them, each in turn or, with a RATE of 0, at random and as fast as one thread can. Then it prints {"sent", "seconds"}.
 */
import { createInterface } from 'node:readline'
import { mapMemory } from '../../../src/linux/libc.js'
import { interfaceInfo } from '../../../src/linux/interface.js'
import { bindTo, packetSocket } from '../../../src/linux/packet-socket.js'
import { parseIpv4, parseMac, type Ipv4Addr } from '../../../src/wire/addr.js'
import { fold, pseudoHeaderSum, sum16 } from '../../../src/wire/checksum.js'
import { IpProtocol } from '../../../src/wire/ipv4.js'
import { UDP_CHECKSUM_AT, UDP_LEN } from '../../../src/wire/udp.js'
import { batchOf, PAYLOAD_AT, sendFrames, writeHeaders } from './crafted-frames.js'
import { Pace } from './pace.js'
import { shortSleep, wakeOnTime } from './short-sleep.js'

const BATCH = 128
const STRIDE = 64
/** UDP's header and 18 octets: the shortest frame that Ethernet has. */
const LENGTH = UDP_LEN + 18
/** Clients: 1024 ports of each address. */
const SOURCES = parseIpv4('10.0.0.0')!
const [PORT_BITS, FIRST_PORT] = [10, 1024]

wakeOnTime()
const [name = '', mac = '', address = '', port = ''] = process.argv.slice(2)
const to = { mac: parseMac(mac)!, addr: parseIpv4(address)!, port: Number(port) }
const frames = mapMemory(BATCH * STRIDE)
const view = frames.view as DataView
const batch = batchOf(frames.address, BATCH, STRIDE, PAYLOAD_AT + LENGTH)
const fd = packetSocket()
bindTo(fd, interfaceInfo(name).index, 0, name)

function writeDatagram(at: number, client: number): void {
  const source = (SOURCES + (client >>> PORT_BITS)) as Ipv4Addr
  writeHeaders(view, at, to, source, IpProtocol.UDP, LENGTH)
  const udp = at + PAYLOAD_AT
  view.setUint16(udp, FIRST_PORT + (client & ((1 << PORT_BITS) - 1)))
  view.setUint16(udp + 2, to.port)
  view.setUint16(udp + 4, LENGTH)
  view.setUint16(udp + UDP_CHECKSUM_AT, 0)
  const pseudo = pseudoHeaderSum(source, to.addr, IpProtocol.UDP, LENGTH)
  view.setUint16(udp + UDP_CHECKSUM_AT, ~fold(sum16(view, udp, LENGTH, pseudo)))
}

function send(from: number, flows: number, packets: number, perSecond: number): { sent: number; seconds: number } {
  const began = performance.now()
  const pace = new Pace(perSecond || Infinity, BATCH, began)
  let sent = 0
  let now = began
  for (; sent < packets; now = performance.now()) {
    for (let due = pace.due(now); due > 0 && sent < packets; due -= BATCH) {
      for (let i = 0; i < BATCH; i++) {
        const which = perSecond === 0 ? Math.floor(Math.random() * flows) : (sent + i) % flows
        writeDatagram(i * STRIDE, from + which)
      }
      sent += sendFrames(fd, batch, BATCH)
    }
    shortSleep(pace.waitMs())
  }
  return { sent, seconds: (now - began) / 1000 }
}

for await (const line of createInterface(process.stdin)) {
  const [from = 0, flows = 1, packets = 0, rate = 0] = line.split(' ').map(Number)
  process.stdout.write(`${JSON.stringify(send(from, flows, packets, rate))}\n`)
}
