import t from 'tap'
import { LADDR, keyAt, LPORT } from '../../src/conn/fullnat-keys.js'
import { LookAhead } from '../../src/director/look-ahead.js'
import { formatIpv4, type Ipv4Addr } from '../../src/wire/addr.js'
import { BenchDirector, CLIENT_MAC, fromClient, fromServer, VIP } from '../support/bench-director.js'
import { arp, placed, tcp4, udp4, virtioHeader } from '../support/frames.js'
import { records } from '../support/records.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

/** Frames of every kind, more than are looked ahead at in one go: short ones and ARP among them. */
function frames(director: BenchDirector): [link: 'c' | 'r', frame: Uint8Array][] {
  const { conns } = director.director
  const local = records(conns)
    .filter(conn => conns.fullnatKeys.has(conn))
    .map(
      conn =>
        `${formatIpv4(conns.fullnatKeys.words[keyAt(conn) + LADDR]! as Ipv4Addr)}:${conns.fullnatKeys.words[keyAt(conn) + LPORT]}`,
    )
  return Array.from({ length: 50 }, (_, i) => {
    const client = `10.99.1.${10 + (i % 7)}:${4000 + (i % 3)}`
    const all: ['c' | 'r', Uint8Array][] = [
      ['c', tcp4(`${client} > ${VIP}:80`, { ...fromClient, flags: i % 5 === 0 ? 'S' : 'A' })],
      ['c', udp4(`${client} > ${VIP}:53`, { ...fromClient, payload: 8 })],
      ['r', tcp4(`10.99.2.11:8080 > ${client}`, { ...fromServer(), flags: 'A' })],
      ['c', arp({ operation: 'request', senderMac: CLIENT_MAC, senderAddr: '10.99.1.10', targetAddr: VIP })],
      ['c', tcp4(`${client} > ${VIP}:80`, fromClient).slice(0, 20 + (i % 20))],
      ['r', udp4(`10.99.2.11:53 > ${local[i % Math.max(1, local.length)] ?? client}`, { ...fromServer(), payload: 9 })],
    ]
    return all[i % all.length]!
  })
}

function begun(): BenchDirector {
  const director = new BenchDirector()
  for (const [protocol, port, method] of [
    ['tcp', 80, 'masq'],
    ['udp', 53, 'fullnat'],
  ] as const) {
    const service = { protocol, address: VIP, port }
    director.must({ op: 'add-service', service, settings: serviceSettings('rr') })
    if (method === 'fullnat') director.must({ op: 'add-local-address', service, address: '10.99.2.201' })
    const destination = { address: '10.99.2.11', port: port === 80 ? 8080 : 53 }
    director.must({ op: 'add-destination', service, destination, settings: destinationSettings(1, { method }) })
  }
  director.out()
  return director
}

t.test('what is looked ahead at meets the same fate in the same order', async t => {
  const [one, ahead] = [begun(), begun()]
  for (let turn = 0; turn < 6; turn++) {
    const given = frames(one)
    for (const link of ['c', 'r'] as const) {
      const into = ahead.director.links.find(({ name }) => name === link)!
      const sink = new LookAhead(ahead.director, into, 0)
      for (const [by, frame] of given) {
        if (by !== link) continue
        one.receive(by, Uint8Array.from(frame))
        const place = placed(Uint8Array.from(frame), virtioHeader())
        sink.frame(place.slab, place.at, place.len)
      }
      sink.done()
    }
    t.same(ahead.out(), one.out(), `turn ${turn}`)
    t.same(ahead.director.verdictCounters.byName(), one.director.verdictCounters.byName())
  }
  t.ok(one.director.verdictCounters.byName()['balanced']! > 100, 'most of them were balanced')
})

t.test('few connections: a frame is handled when it comes', async t => {
  const director = begun()
  const sink = new LookAhead(director.director, director.director.links[0]!)
  const place = placed(tcp4(`10.99.1.10:1 > ${VIP}:80`, { ...fromClient, flags: 'S' }), virtioHeader())
  sink.frame(place.slab, place.at, place.len)
  t.equal(director.out().length, 1)
})

t.test('many: not before the last of a batch has come, or there are no more', async t => {
  const director = begun()
  const sink = new LookAhead(director.director, director.director.links[0]!, 0)
  const give = (client: number) => {
    const place = placed(tcp4(`10.99.1.10:${client} > ${VIP}:80`, { ...fromClient, flags: 'S' }), virtioHeader())
    sink.frame(place.slab, place.at, place.len)
  }
  for (let i = 0; i < 31; i++) give(i + 1)
  t.equal(director.out().length, 0)
  give(32)
  t.equal(director.out().length, 32)
  give(33)
  sink.done()
  t.equal(director.out().length, 1)
  sink.done()
  t.equal(director.out().length, 0)
})
