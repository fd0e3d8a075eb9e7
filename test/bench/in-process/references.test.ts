import t from 'tap'
import { objectPacket } from '../../../bench/in-process/reference/object-packet.js'
import { plainRewrite } from '../../../bench/in-process/reference/plain-rewrite.js'
import { SortedTimers } from '../../../bench/in-process/reference/sorted-timers.js'
import { StringMapTable } from '../../../bench/in-process/reference/string-map-table.js'
import { shuffled } from '../../../bench/in-process/scene.js'
import { AT, FRAME_LEN, SLOT, Slots, Traffic } from '../../../bench/in-process/traffic.js'
import { ConnTable } from '../../../src/conn/table.js'
import { seededRandom } from '../../../src/director/random.js'
import { TcpView } from '../../../src/wire/tcp.js'
import { Ipv4View } from '../../../src/wire/ipv4.js'
import type { Ipv4Addr } from '../../../src/wire/addr.js'
import { sum } from '../../support/octets.js'

const [CLIENT, VIP, SERVER] = [0xcb007101 | 0, 0x0a000064, 0x0a010101] as [Ipv4Addr, Ipv4Addr, Ipv4Addr]
const IP_AT = AT + 14

function written(srcPort = 40_000): Slots {
  const traffic = new Traffic(2)
  traffic.set(1, CLIENT, srcPort, VIP, 80)
  const slots = new Slots(2)
  traffic.write(1, slots, 1)
  return slots
}

/** The IP header and the TCP segment behind its pseudo header, each summed plainly. */
function sums({ slab }: Slots): number[] {
  const ip = slab.bytes.slice(SLOT + IP_AT, SLOT + AT + FRAME_LEN)
  return [sum(ip.subarray(0, 20)), sum(Uint8Array.of(...ip.subarray(12, 20), 0, 6, 0, 20, ...ip.subarray(20)))]
}

t.test('the frames of the benchmarks are whole, and their checksums right', async t => {
  for (const port of [1, 40_000, 65_535]) {
    const slots = written(port)
    t.strictSame(sums(slots), [0xffff, 0xffff])
    const frame = Buffer.from(slots.slab.bytes.slice(SLOT + AT, SLOT + AT + FRAME_LEN))
    t.strictSame(objectPacket(frame), {
      protocol: 6,
      src: '203.0.113.1',
      dst: '10.0.0.100',
      srcPort: port,
      dstPort: 80,
      flags: 16,
    })
    frame[33]! ^= 1
    t.equal(objectPacket(frame), undefined, 'its IP checksum is looked at')
  }
})

t.test('a plain rewriting gives what the fast one gives', async t => {
  const [plain, fast] = [written(), written()]
  plainRewrite(plain.slab.bytes, plain.slab.view as DataView, SLOT + IP_AT, SERVER, 8080)
  new TcpView().wrap(fast.slab.view, SLOT + IP_AT + 20).rewriteDst(VIP, SERVER, 8080)
  new Ipv4View().wrap(fast.slab.view, SLOT + IP_AT).rewriteDstAddr(SERVER)
  t.strictSame(sums(plain), [0xffff, 0xffff])
  t.strictSame(plain.slab.bytes, fast.slab.bytes)
})

t.test('a Map by text finds what the table finds', async t => {
  const random = seededRandom(1)
  const table = new ConnTable(500, random)
  const map = new StringMapTable()
  const few = (): number => random() % 6
  const key = () => [6, few() as Ipv4Addr, 1 + few(), few() as Ipv4Addr, few()] as const
  for (let i = 0; i < 500; i++) {
    const each = key()
    if (map.lookup(...each) === undefined) map.insert(...each, table.insert(...each))
  }
  for (let i = 0; i < 2000; i++) {
    const each = key()
    t.equal(map.lookup(...each) ?? -1, table.lookupInbound(...each))
  }
})

t.test('sorted timers fire in their order, whatever was restarted', async t => {
  const timers = new SortedTimers(50)
  for (const id of shuffled(50)) timers.start(id, id % 7)
  t.equal(timers.next, 0)
  timers.restart(0, 100)
  t.equal(timers.next, 7)
  for (let id = 1; id < 50; id++) timers.restart(id, 50 - id)
  t.equal(timers.next, 49)
})

t.test('a random order has each once', async t => {
  const order = shuffled(1000)
  t.strictSame(
    Array.from(order).toSorted((a, b) => a - b),
    Array.from({ length: 1000 }, (_, i) => i),
  )
  t.not(order[0]! + order[1]! + order[2]!, 3)
})
