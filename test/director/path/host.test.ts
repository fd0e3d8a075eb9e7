import t from 'tap'
import { Rig } from '../../conformance/rig.js'
import {
  BenchDirector,
  BROADCAST,
  CLIENT_MAC,
  errorAbout,
  fromClient,
  fromGateway,
  idOf,
  on,
  toClient,
  toGateway,
  VIP,
} from '../../support/bench-director.js'
import { icmp4, ip4, partialHeader, payloadOf, tcp4, udp4, virtioHeader } from '../../support/frames.js'

const bench = (): BenchDirector => new BenchDirector({ vips: [VIP] })
const IN = `10.99.1.10:40000 > ${VIP}:99`
const OUT = `${VIP}:99 > 10.99.1.10:40000`

/** RFC 9293 §3.5.2, and as the kernel sends it: DF, id 0, window 0, the TOS of the segment. */
const rst = (options = {}): Uint8Array => tcp4(OUT, { ...toClient, id: 0, window: 0, flags: 'R', ...options })

t.test('a segment with ACK is answered by a RST that takes its sequence number from there', async t => {
  for (const flags of ['A', 'FA', 'SA', 'PA', 'SFPAUEC'])
    for (const ack of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff])
      t.strictSame(
        bench().turn('c', tcp4(IN, { ...fromClient, flags, seq: 5, ack, payload: 9 })),
        ['answered', on('c', rst({ seq: ack, ack: 0 }))],
        `${flags} ${ack}`,
      )
})

t.test('one without ACK by a RST that acknowledges all it held', async t => {
  const cases: [flags: string, payload: number, more: number][] = [
    ['S', 0, 1],
    ['F', 0, 1],
    ['SF', 0, 2],
    ['SF', 3, 5],
    ['', 0, 0],
    ['P', 7, 7],
    ['FPU', 1, 2],
    ['S', 1460, 1461],
  ]
  for (const [flags, payload, more] of cases)
    for (const seq of [1000, 0xffffffff])
      t.strictSame(
        bench().turn('c', tcp4(IN, { ...fromClient, flags, seq, payload })),
        ['answered', on('c', rst({ seq: 0, ack: (seq + more) % 2 ** 32, flags: 'RA' }))],
        `${flags || 'no flags'}, ${payload} octets, seq ${seq}`,
      )
})

t.test('options of the segment or the header are no part of what it held; the TOS is kept', async t => {
  const more = { tcpOptions: new Uint8Array(12).fill(1), ipOptions: new Uint8Array(8).fill(1), tos: 0xb8, payload: 3 }
  t.strictSame(bench().turn('c', tcp4(IN, { ...fromClient, ...more, seq: 10 })), [
    'answered',
    on('c', rst({ seq: 0, ack: 14, flags: 'RA', tos: 0xb8 })),
  ])
})

t.test('to whoever is not on the link, by the gateway', async t => {
  t.strictSame(bench().turn('c', tcp4(`8.8.8.8:1 > ${VIP}:99`, { ...fromGateway, flags: 'A', ack: 7 })), [
    'answered',
    on('c', tcp4(`${VIP}:99 > 8.8.8.8:1`, { ...toGateway, id: 0, window: 0, flags: 'R', seq: 7 })),
  ])
})

t.test('a RST is not answered, nor a segment with a wrong checksum or a bad header length', async t => {
  for (const flags of ['R', 'RA', 'SR', 'RFA'])
    t.strictSame(bench().turn('c', tcp4(IN, { ...fromClient, flags })), ['drop-rst-unknown'], flags)
  t.strictSame(bench().turn('c', tcp4(IN, { ...fromClient, checksum: 1 })), ['drop-transport-checksum'])
  for (const offset of [0x00, 0x40, 0x60, 0xf0]) {
    const frame = tcp4(IN, fromClient)
    frame[46] = offset
    t.strictSame(bench().turn('c', frame), ['drop-tcp-malformed'], `data offset ${offset >> 4}`)
  }
})

t.test('a partial or a verified checksum is not asked for', async t => {
  const partial = tcp4(IN, { ...fromClient, partial: true })
  t.equal(bench().turn('c', partial, partialHeader(partial))[0], 'answered')
  t.equal(bench().turn('c', tcp4(IN, { ...fromClient, checksum: 1 }), virtioHeader({ dataValid: true }))[0], 'answered')
  const answer = bench().turn('c', partial, partialHeader(partial))
  t.equal(answer[1], on('c', rst({ seq: 0, ack: 1001, flags: 'RA' })), 'and the answer is complete')
})

t.test('UDP to a closed port: port unreachable from where it was sent to', async t => {
  for (const payload of [0, 1, 100]) {
    const made = bench()
    const frame = udp4(IN, { ...fromClient, payload })
    t.equal(made.receive('c', frame), 'refused')
    const [sent] = made.take()
    t.equal(
      on('c', sent!.frame),
      on('c', errorAbout(frame.slice(14), `${VIP} > 10.99.1.10`, { type: 3, code: 3, ...toClient }, sent!.frame)),
    )
  }
})

t.test('UDP is checked first: length, then checksum unless there is none', async t => {
  const cases: [string, object, string][] = [
    ['length 7', { udpLen: 7, payload: 4 }, 'drop-udp-malformed'],
    ['length past the packet', { udpLen: 13, payload: 4 }, 'drop-udp-malformed'],
    ['a wrong checksum', { checksum: 1, payload: 4 }, 'drop-transport-checksum'],
    ['no checksum', { checksum: 0, payload: 4 }, 'refused'],
    ['right', { payload: 4 }, 'refused'],
  ]
  for (const [what, options, verdict] of cases)
    t.equal(bench().turn('c', udp4(IN, { ...fromClient, ...options }))[0], verdict, what)
})

t.test('UDP shorter than its packet: the checksum is over what its length says', async t => {
  const inner = udp4(IN, { payload: 4 }).slice(34)
  const frame = ip4(`10.99.1.10 > ${VIP}`, 17, Uint8Array.from([...inner, 9, 9, 9]), fromClient)
  t.equal(bench().turn('c', frame)[0], 'refused')
})

t.test('an echo request is answered: id our own, no DF, TTL 64, TOS kept, options not', async t => {
  for (const [what, options] of [
    ['plain', {}],
    ['TTL 1', { ttl: 1 }],
    ['TTL 0', { ttl: 0 }],
    ['TOS b8', { tos: 0xb8 }],
    ['4 octets of options', { ipOptions: Uint8Array.of(1, 1, 1, 0) }],
    ['40 octets of options', { ipOptions: new Uint8Array(40).fill(1) }],
    ['padded', { padTo: 60 }],
  ] as const)
    for (const payload of [0, 1, 56, 1400]) {
      const made = bench()
      const echo = { rest: 0x12345678, payload, code: 0 }
      t.equal(
        made.receive('c', icmp4(`10.99.1.10 > ${VIP}`, { type: 8, ...echo, ...options, ...fromClient })),
        'answered',
      )
      const [sent] = made.take()
      const tos = 'tos' in options ? options.tos : 0
      const reply = icmp4(`${VIP} > 10.99.1.10`, {
        type: 0,
        ...echo,
        tos,
        df: false,
        id: idOf(sent!.frame),
        ...toClient,
      })
      t.equal(on('c', sent!.frame, sent!.header), on('c', reply), `${what}, ${payload} octets`)
    }
})

t.test('an echo request by broadcast MAC to one of our addresses is answered, as the kernel does', async t => {
  const [verdict, sent] = bench().turn(
    'c',
    icmp4(`10.99.1.10 > ${VIP}`, { type: 8, eth: `${CLIENT_MAC} > ${BROADCAST}` }),
  )
  t.equal(verdict, 'answered')
  t.match(sent, /icmp 0\/0/)
})

t.test('each reply has the next identification', async t => {
  const made = bench()
  const ids = Array.from({ length: 3 }, () => {
    made.receive('c', icmp4(`10.99.1.10 > ${VIP}`, { type: 8, ...fromClient }))
    return idOf(made.take()[0]!.frame)
  })
  t.strictSame(ids, [ids[0], (ids[0]! + 1) & 0xffff, (ids[0]! + 2) & 0xffff])
})

t.test('other ICMP to us is taken in, once its checksum is right', async t => {
  for (const type of [0, 3, 4, 5, 9, 10, 11, 12, 13, 15, 17, 30, 255]) {
    t.strictSame(
      bench().turn('c', icmp4(`10.99.1.10 > ${VIP}`, { type, payload: 28, ...fromClient })),
      ['consumed'],
      `type ${type}`,
    )
    const wrong = icmp4(`10.99.1.10 > ${VIP}`, { type, payload: 28, checksum: 1, ...fromClient })
    t.strictSame(bench().turn('c', wrong), ['drop-icmp-checksum'], `type ${type}, wrong`)
  }
})

t.test('IGMP is taken in; any other protocol gets protocol unreachable', async t => {
  t.strictSame(bench().turn('c', ip4(`10.99.1.10 > ${VIP}`, 2, new Uint8Array(8), fromClient)), ['consumed'])
  for (const protocol of [0, 4, 47, 50, 51, 99, 132, 255])
    for (const len of [0, 8]) {
      const made = bench()
      const frame = ip4(`10.99.1.10 > ${VIP}`, protocol, new Uint8Array(len), fromClient)
      t.equal(made.receive('c', frame), 'refused')
      const [sent] = made.take()
      t.equal(
        on('c', sent!.frame),
        on('c', errorAbout(frame.slice(14), `${VIP} > 10.99.1.10`, { type: 3, code: 2, ...toClient }, sent!.frame)),
        `protocol ${protocol}, ${len} octets`,
      )
    }
})

t.test('no route back: nothing is answered', async t => {
  const made = new BenchDirector({ vips: [VIP], routes: [] })
  t.strictSame(made.turn('c', tcp4(`8.8.8.8:1 > ${VIP}:99`, fromGateway)), ['drop-no-route'])
  t.strictSame(made.turn('c', icmp4(`8.8.8.8 > ${VIP}`, { type: 8, ...fromGateway })), ['drop-no-route'])
  t.strictSame(made.turn('c', udp4(`8.8.8.8:1 > ${VIP}:99`, fromGateway)), ['refused'])
})

t.test('all of our addresses are a host, on any port', async t => {
  const made = new BenchDirector({ vips: [VIP, '198.51.100.0/28'] })
  for (const us of ['10.99.1.1', '10.99.2.1', VIP, '198.51.100.7'])
    t.match(
      made.turn('c', icmp4(`10.99.1.10 > ${us}`, { type: 8, ...fromClient })),
      ['answered', new RegExp(`^c ${us} > 10.99.1.10 icmp 0/0`)],
      us,
    )
})

t.test('of a UDP packet that is longer than its datagram only the datagram is quoted', async t => {
  const rig = new Rig()
  const payload = payloadOf(udp4('10.99.1.10:1 > 10.99.1.100:9', { payload: 20 }))
  const eth = '02:00:00:00:01:10 > 02:00:00:00:01:01'
  rig.send('c', ip4('10.99.1.10 > 10.99.1.100', 17, Uint8Array.of(...payload, 1, 2, 3, 4), { eth }))
  t.equal(rig.take()[0]!.frame.length, 14 + 28 + 48)
})
