import t from 'tap'
import { BenchDirector, fromClient, fromServer, on, toClient, toServer, VIP } from '../support/bench-director.js'
import { partialHeader, tcp4, udp4, type UdpOptions, virtioHeader } from '../support/frames.js'

const PAYLOADS = [0, 1, 3, 1460]
const GSO_TCPV4 = 1

/** A director with a connection of each protocol from 10.99.1.10:40000 to 10.99.2.11. */
function connected(): BenchDirector {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:8080')
  bench.serve('udp', `${VIP}:53`, '10.99.2.11:5353')
  bench.receive('c', tcp4(`10.99.1.10:40000 > ${VIP}:80`, fromClient))
  bench.receive('c', udp4(`10.99.1.10:40000 > ${VIP}:53`, fromClient))
  bench.take()
  return bench
}

const ways = {
  inbound: {
    from: 'c',
    to: 'r',
    tcp: [`10.99.1.10:40000 > ${VIP}:80`, '10.99.1.10:40000 > 10.99.2.11:8080'],
    udp: [`10.99.1.10:40000 > ${VIP}:53`, '10.99.1.10:40000 > 10.99.2.11:5353'],
    before: fromClient,
    after: toServer(),
  },
  outbound: {
    from: 'r',
    to: 'c',
    tcp: ['10.99.2.11:8080 > 10.99.1.10:40000', `${VIP}:80 > 10.99.1.10:40000`],
    udp: ['10.99.2.11:5353 > 10.99.1.10:40000', `${VIP}:53 > 10.99.1.10:40000`],
    before: fromServer(),
    after: toClient,
  },
} as const
const builders = { tcp: tcp4, udp: udp4 }

for (const [way, { from, to, before, after, ...flows }] of Object.entries(ways))
  for (const protocol of ['tcp', 'udp'] as const) {
    const [given, expected] = flows[protocol]
    const build = builders[protocol]

    t.test(`nat ${way}, ${protocol}: ${given} becomes ${expected}`, async t => {
      const bench = connected()
      for (const payload of protocol === 'udp' ? [...PAYLOADS, 1472] : PAYLOADS)
        for (const options of [{}, { tos: 0xb9, id: 0xfffe, df: false }, { ipOptions: Uint8Array.of(1, 1, 1, 1) }]) {
          if (payload > 1456 && 'ipOptions' in options) continue
          const more = { payload, flags: 'A', ...options }
          t.strictSame(
            bench.turn(from, build(given, { ...more, ...before })),
            ['balanced', on(to, build(expected, { ...more, ...after, ttl: 63 }))],
            `${payload} octets, ${JSON.stringify(options)}`,
          )
        }
    })

    t.test(`nat ${way}, ${protocol}, partial checksums: the sum of the pseudo header is kept right`, async t => {
      const bench = connected()
      for (const payload of PAYLOADS) {
        const more = { payload, flags: 'A', partial: true }
        const frame = build(given, { ...more, ...before })
        t.strictSame(
          bench.turn(from, frame, partialHeader(frame)),
          ['balanced', on(to, build(expected, { ...more, ...after, ttl: 63 }), partialHeader(frame))],
          `${payload} octets`,
        )
      }
    })

    t.test(`nat ${way}, ${protocol}: DATA_VALID and hdr_len of a received frame are not sent on`, async t => {
      const bench = connected()
      const frame = build(given, { payload: 5, flags: 'A', ...before })
      const sent = on(to, build(expected, { payload: 5, flags: 'A', ...after, ttl: 63 }))
      t.strictSame(bench.turn(from, frame, virtioHeader({ dataValid: true, hdrLen: 59 })), ['balanced', sent])
    })

    t.test(`nat ${way}, ${protocol}: a wrong checksum stays wrong by as much`, async t => {
      const bench = connected()
      for (const off of [1, 0x1234, 0xfffe]) {
        const right = (flow: string): number => {
          const frame = build(flow, { payload: 7, flags: 'A' })
          const at = 34 + (protocol === 'tcp' ? 16 : 6)
          return (frame[at]! << 8) | frame[at + 1]!
        }
        const wrong = (flow: string): number => ((right(flow) + off - 1) % 0xffff) + 1
        t.strictSame(
          bench.turn(from, build(given, { payload: 7, flags: 'A', ...before, checksum: wrong(given) })),
          [
            'balanced',
            on(to, build(expected, { payload: 7, flags: 'A', ...after, ttl: 63, checksum: wrong(expected) })),
          ],
          `${off} too much`,
        )
      }
    })
  }

t.test('a GSO frame goes through whole: gso_size and type kept, hdr_len set to what its headers have', async t => {
  const bench = connected()
  const { inbound, outbound } = ways
  for (const { from, to, tcp, before, after } of [inbound, outbound])
    for (const tcpOptions of [new Uint8Array(0), new Uint8Array(12).fill(1)]) {
      const more = { payload: 60_000, flags: 'PA', partial: true, tcpOptions }
      const frame = tcp4(tcp[0], { ...more, ...before })
      const gso = { gsoType: GSO_TCPV4, gsoSize: 1448 }
      const header = partialHeader(frame, { ...gso, dataValid: true, hdrLen: 0xffff })
      const [verdict, sent] = bench.turn(from, frame, header)
      const expected = on(
        to,
        tcp4(tcp[1], { ...more, ...after, ttl: 63 }),
        partialHeader(frame, { ...gso, hdrLen: 54 + tcpOptions.length }),
      )
      t.equal(verdict, 'balanced')
      t.ok(sent === expected, `${from} to ${to}, ${tcpOptions.length} octets of options: ${sent?.slice(0, 180)}`)
    }
})

t.test('UDP without a checksum gets one, both ways', async t => {
  const bench = connected()
  for (const { from, to, udp, before, after } of Object.values(ways))
    for (const payload of [0, 1, 2, 3, 1471])
      t.strictSame(
        bench.turn(from, udp4(udp[0], { payload, checksum: 0, ...before })),
        ['balanced', on(to, udp4(udp[1], { payload, ...after, ttl: 63 }))],
        `${from} to ${to}, ${payload} octets`,
      )
})

/** A UDP payload of two octets with which the frame's checksum would come out as `check`. */
function payloadFor(flow: string, check: number): Uint8Array {
  for (let word = 0; word <= 0xffff; word++) {
    const payload = Uint8Array.of(word >> 8, word & 255)
    const frame = udp4(flow, { payload } satisfies UdpOptions)
    if (((frame[40]! << 8) | frame[41]!) === check) return payload
  }
  throw new Error(`no payload gives ${check}`)
}

t.test('a UDP checksum that comes out as zero is sent as ffff', async t => {
  for (const { from, to, udp, before, after } of Object.values(ways))
    for (const checksum of [undefined, 0]) {
      const bench = connected()
      const payload = payloadFor(udp[1], 0xffff)
      const given = udp4(udp[0], { payload, ...before, ...(checksum === undefined ? {} : { checksum }) })
      const expected = udp4(udp[1], { payload, ...after, ttl: 63 })
      t.strictSame([expected[40], expected[41]], [0xff, 0xff])
      t.strictSame(bench.turn(from, given), ['balanced', on(to, expected)], `${from} to ${to}, was ${checksum}`)
    }
})

t.test('a UDP checksum of ffff is mended like any other', async t => {
  for (const { from, to, udp, before, after } of Object.values(ways)) {
    const bench = connected()
    const payload = payloadFor(udp[0], 0xffff)
    t.strictSame(
      bench.turn(from, udp4(udp[0], { payload, ...before })),
      ['balanced', on(to, udp4(udp[1], { payload, ...after, ttl: 63 }))],
      `${from} to ${to}`,
    )
  }
})

t.test('real servers at addresses that move the sum every way', async t => {
  for (const server of ['10.99.2.11:80', '10.99.2.12:65535', '10.99.2.13:1', '10.99.2.14:0']) {
    const bench = new BenchDirector()
    bench.serve('tcp', `${VIP}:80`, server)
    const [address = '', port] = server.split(':')
    const at = `${address}:${port === '0' ? 80 : port}`
    const last = Number(address.split('.').pop())
    for (let seq = 0; seq < 200; seq++) {
      const more = { flags: seq === 0 ? 'S' : 'A', seq: seq * 0x01010101, window: (seq * 331) & 0xffff }
      const inbound = bench.turn('c', tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, ...more }))
      const sent = on('r', tcp4(`10.99.1.10:40000 > ${at}`, { ...toServer(last), ...more, ttl: 63 }))
      if (inbound[1] !== sent) t.equal(inbound[1], sent, `${server}, inbound ${seq}`)
      const outbound = bench.turn('r', tcp4(`${at} > 10.99.1.10:40000`, { ...fromServer(last), ...more, flags: 'A' }))
      const back = on('c', tcp4(`${VIP}:80 > 10.99.1.10:40000`, { ...toClient, ...more, flags: 'A', ttl: 63 }))
      if (outbound[1] !== back) t.equal(outbound[1], back, `${server}, outbound ${seq}`)
    }
    t.pass(server)
  }
})

t.test('a checksum that is partial elsewhere than in this transport header is not taken for its own', async t => {
  const bench = connected()
  const { from, to, tcp, before, after } = ways.inbound
  const frame = tcp4(tcp[0], { payload: 80, flags: 'A', ...before })
  const header = virtioHeader({ needsCsum: true, csumStart: 74, csumOffset: 16 })
  t.strictSame(bench.turn(from, frame, header), [
    'balanced',
    on(to, tcp4(tcp[1], { payload: 80, flags: 'A', ...after, ttl: 63 }), header),
  ])
})

t.test('Ethernet padding is cut off', async t => {
  const bench = connected()
  for (const { from, to, tcp, before, after } of Object.values(ways))
    t.strictSame(bench.turn(from, tcp4(tcp[0], { flags: 'A', ...before, padTo: 60 })), [
      'balanced',
      on(to, tcp4(tcp[1], { flags: 'A', ...after, ttl: 63 })),
    ])
})
