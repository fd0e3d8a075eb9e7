import t from 'tap'
import {
  BenchDirector,
  DIP_C,
  errorAbout,
  fromClient,
  on,
  toClient,
  toServer,
  VIP,
} from '../../support/bench-director.js'
import { hex, packetOf, tcp4, unhex } from '../../support/frames.js'

/** Options and where in the header the fault is; 0 for none. RFC 791 §3.1, and what Linux asks (case host-options). */
const table: [options: string, why: string, fault: number][] = [
  ['01010101', 'NOPs', 0],
  ['00000000', 'an end', 0],
  ['0701 0000', 'a length of 1', 20],
  ['0700 0000', 'a length of 0', 20],
  ['0702 0000', 'record route of length 2', 21],
  ['0703 0300', 'a pointer below 4', 22],
  ['0703 0400', 'record route, full', 0],
  ['0707 0400 0000 0000', 'record route, one address free', 0],
  ['0707 0500 0000 0000', 'room for three octets of an address', 22],
  ['0707 0700 0000 0000', 'room for one octet', 22],
  ['0707 0800 0000 0000', 'record route, used up', 0],
  ['070b 04 0000 0000 0000 0000 00', 'two addresses free', 0],
  ['4403 0000', 'timestamp of length 3', 21],
  ['4404 0400', 'a timestamp pointer below 5', 22],
  ['4404 0500', 'timestamp, full', 0],
  ['4408 0500 0000 0000', 'timestamp, one free', 0],
  ['9403 0000', 'router alert of length 3', 21],
  ['9404 0000', 'router alert', 0],
  ['8302 0000', 'a loose source route of length 2', 21],
  ['8303 0300', 'its pointer below 4', 22],
  ['8902 0000', 'a strict source route of length 2', 21],
  ['ff00 0000', 'an unknown one of length 0', 20],
  ['ff01 ffff', 'an unknown one of length 1', 20],
  ['ff04 aabb', 'an unknown one', 0],
  ['ff09 aabb', 'an unknown one past the header', 20],
  ['0101 01ff', 'a type without room for a length', 23],
  ['0101 ff00', 'a length of 0 behind NOPs', 22],
  ['0101 0101 0707 0500 0000 0000', 'the fault of the second option', 26],
  ['ff04 aabb 0703 0300', 'the fault behind a good one', 26],
  ['8303 0407 0100 0000', 'a fault behind a source route counts first', 23],
]

for (const [where, to, from] of [
  ['to the VIP', `${VIP}:80`, VIP],
  ['forwarded', '10.99.2.11:80', DIP_C],
] as const)
  t.test(`options of a packet ${where}`, async t => {
    for (const [text, why, fault] of table) {
      const bench = new BenchDirector()
      bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
      const options = unhex(text)
      const ipOptions = new Uint8Array(Math.ceil(options.length / 4) * 4)
      ipOptions.set(options)
      const frame = tcp4(`10.99.1.10:1 > ${to}`, { ...fromClient, ipOptions })
      const verdict = bench.receive('c', frame)
      const [sent] = bench.take()
      if (fault === 0) {
        t.equal(verdict, from === VIP ? 'balanced' : 'forwarded', why)
        t.equal(
          on('r', sent!.frame),
          on('r', tcp4('10.99.1.10:1 > 10.99.2.11:80', { ...toServer(), ipOptions, ttl: 63 })),
          why,
        )
      } else {
        t.equal(verdict, 'drop-ip-options', why)
        const error = { type: 12, code: 0, rest: fault * 2 ** 24, ...toClient }
        t.equal(
          on('c', sent!.frame),
          on('c', errorAbout(packetOf(frame), `${from} > 10.99.1.10`, error, sent!.frame)),
          why,
        )
      }
    }
  })

t.test('well-formed source routes are dropped without a word', async t => {
  for (const text of ['8303 0400', '8903 0400', '8307 04 0a630205 00', '0101 8907 04 0a630205', '8307 08 0a630205 00'])
    for (const to of [`${VIP}:80`, '10.99.2.11:80']) {
      const bench = new BenchDirector({ vips: [VIP] })
      const options = unhex(text)
      const ipOptions = new Uint8Array(Math.ceil(options.length / 4) * 4)
      ipOptions.set(options)
      t.strictSame(
        bench.turn('c', tcp4(`10.99.1.10:1 > ${to}`, { ...fromClient, ipOptions })),
        ['drop-source-route'],
        `${text} to ${to}`,
      )
    }
})

t.test('what stands behind the end is made zero, and the header checksum follows', async t => {
  for (const [before, after] of [
    ['00ffffff', '00000000'],
    ['0100ff01', '01000000'],
    ['000000ff', '00000000'],
    ['0707080a00000100 ffffffff', '0707080a00000100 00000000'],
    ['ff04aabb 00070100', 'ff04aabb 00000000'],
  ] as const) {
    const bench = new BenchDirector()
    const frame = tcp4('10.99.1.10:1 > 10.99.2.11:80', { ...fromClient, ipOptions: unhex(before) })
    const [, sent] = bench.turn('c', frame)
    const expected = tcp4('10.99.1.10:1 > 10.99.2.11:80', { ...toServer(), ttl: 63, ipOptions: unhex(after) })
    t.equal(sent, on('r', expected), `${before} becomes ${hex(unhex(after))}`)
  }
})

t.test('forty octets of options are read to their end', async t => {
  const bench = new BenchDirector()
  const good = new Uint8Array(40).fill(1)
  t.equal(bench.turn('c', tcp4('10.99.1.10:1 > 10.99.2.11:80', { ...fromClient, ipOptions: good }))[0], 'forwarded')
  const bad = good.slice()
  bad[39] = 7
  const frame = tcp4('10.99.1.10:1 > 10.99.2.11:80', { ...fromClient, ipOptions: bad })
  t.equal(bench.receive('c', frame), 'drop-ip-options')
  t.equal(bench.take()[0]!.frame[14 + 20 + 4], 59, 'the last octet of the header')
})

t.test('a broken option from afar is told where the packet came from', async t => {
  const bench = new BenchDirector()
  const frame = tcp4(`8.8.8.8:1 > ${VIP}:80`, { ...fromClient, ipOptions: unhex('07020000') })
  bench.receive('c', frame)
  t.match(bench.out(), [/^c 10\.99\.1\.1 > 8\.8\.8\.8 icmp 12\/0/])
})
