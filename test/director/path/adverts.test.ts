import t from 'tap'
import type { AdvertSink } from '../../../src/packet/advert-sink.js'
import { BenchDirector, CLIENT_MAC, DIP_C, fromClient } from '../../support/bench-director.js'
import { hex, ip4, packetOf } from '../../support/frames.js'

const GROUP = '224.0.0.18'
const toGroup = { eth: `${CLIENT_MAC} > 01:00:5e:00:00:12`, ttl: 255 }
const advert = Uint8Array.from([0x31, 51, 100, 1, 0, 100, 0, 0, 192, 0, 2, 1])
/** Next header 112, 4 words, and so on. */
const behindAh = Uint8Array.from([112, 4, ...new Uint8Array(22), ...advert])

interface Rig {
  readonly bench: BenchDirector
  readonly taken: string[]
  isOpen: boolean
  hasRoom: boolean
}

function rig(options: ConstructorParameters<typeof BenchDirector>[0] = {}): Rig {
  const taken: string[] = []
  const made = { taken, isOpen: true, hasRoom: true }
  const adverts: AdvertSink = {
    get isOpen() {
      return made.isOpen
    },
    take(link, { bytes }, at, len) {
      if (made.hasRoom) taken.push(`${link} ${hex(bytes.slice(at, at + len))}`)
      return made.hasRoom
    },
  }
  return Object.assign(made, { bench: new BenchDirector({ adverts, ...options }) })
}

t.test('adverts go to whoever listens, as they came', async t => {
  const { bench, taken } = rig()
  for (const [why, frame] of [
    ['to the group', ip4(`10.99.1.10 > ${GROUP}`, 112, advert, toGroup)],
    ['to another group', ip4('10.99.1.10 > 239.1.2.3', 112, advert, toGroup)],
    ['to one of our addresses', ip4(`10.99.1.10 > ${DIP_C}`, 112, advert, fromClient)],
    ['behind an authentication header', ip4(`10.99.1.10 > ${GROUP}`, 51, behindAh, toGroup)],
    ['with a wrong TTL', ip4(`10.99.1.10 > ${GROUP}`, 112, advert, { ...toGroup, ttl: 3 })],
    ['too short', ip4(`10.99.1.10 > ${GROUP}`, 112, advert.slice(0, 3), toGroup)],
    ['from a source that no host has', ip4(`127.0.0.1 > ${GROUP}`, 112, advert, toGroup)],
    ['a fragment', ip4(`10.99.1.10 > ${GROUP}`, 112, advert.slice(0, 8), { ...toGroup, df: false, mf: true })],
  ] as const) {
    t.equal(bench.receive('c', frame), 'consumed', why)
    t.strictSame(taken.splice(0), [`0 ${hex(packetOf(frame))}`], why)
  }
  const padded = ip4(`10.99.1.10 > ${GROUP}`, 112, advert, { ...toGroup, padTo: 60 })
  t.equal(bench.receive('r', padded), 'consumed')
  t.strictSame(taken, [`1 ${hex(packetOf(padded).slice(0, 32))}`], 'by the other link, padding left out')
  t.strictSame(bench.out(), [], 'nothing is sent')
})

t.test('all else is a packet as any other', async t => {
  const { bench, taken } = rig()
  const cases = [
    ['to another host', ip4('10.99.1.10 > 10.99.2.12', 112, advert, fromClient), 'forwarded'],
    ['another protocol to the group', ip4(`10.99.1.10 > ${GROUP}`, 89, advert, toGroup), 'drop-broadcast'],
    ['something else behind an AH', ip4(`10.99.1.10 > ${GROUP}`, 51, Uint8Array.of(6, 4), toGroup), 'drop-broadcast'],
    ['an empty AH', ip4(`10.99.1.10 > ${GROUP}`, 51, new Uint8Array(0), toGroup), 'drop-broadcast'],
    [
      'with a wrong IP checksum',
      ip4(`10.99.1.10 > ${GROUP}`, 112, advert, { ...toGroup, ipChecksum: 1 }),
      'drop-ip-checksum',
    ],
    ['our own', ip4(`${DIP_C} > ${GROUP}`, 112, advert, toGroup), 'drop-source-is-ours'],
  ] as const
  for (const [why, frame, verdict] of cases) t.equal(bench.receive('c', frame), verdict, why)
  t.strictSame(taken, [])
})

t.test('drop-advert-queue: whoever listens has no room', async t => {
  const made = rig()
  made.hasRoom = false
  const frame = ip4(`10.99.1.10 > ${GROUP}`, 112, advert, toGroup)
  made.bench.changes()
  t.equal(made.bench.receive('c', frame), 'drop-advert-queue')
  t.strictSame(made.bench.changes(), { 'drop-advert-queue': 1 })
})

t.test('nobody listens, or the link is the kernel’s too', async t => {
  const made = rig()
  made.isOpen = false
  const toUs = ip4(`10.99.1.10 > ${DIP_C}`, 112, advert, fromClient)
  t.equal(made.bench.receive('c', toUs), 'refused', 'protocol unreachable')
  t.equal(new BenchDirector().receive('c', toUs), 'refused')
  const links = [
    { name: 'c', mac: '02:00:00:00:01:01', mtu: 1500, isBeside: true },
    { name: 'r', mac: '02:00:00:00:02:01', mtu: 1500 },
  ]
  const beside = rig({ links })
  t.equal(beside.bench.receive('c', ip4(`10.99.1.10 > ${GROUP}`, 112, advert, toGroup)), 'drop-broadcast')
  t.strictSame([...made.taken, ...beside.taken], [])
})
