import t from 'tap'
import { BenchDirector, fromClient, toServer, on, VIP } from '../../support/bench-director.js'
import { icmp4, packetOf, tcp4 } from '../../support/frames.js'

/* What is translated, and how: test/forward/nat-related.test.ts. Here: where an inbound error can end besides. */

/** An error to the VIP about an answer of 10.99.1.10's connection to the real server. */
const error = (options = {}): Uint8Array =>
  icmp4(`10.99.1.10 > ${VIP}`, {
    type: 3,
    code: 1,
    payload: packetOf(tcp4(`${VIP}:80 > 10.99.1.10:1`)),
    ...fromClient,
    ...options,
  })

function connected(server: string, options = {}): BenchDirector {
  const made = new BenchDirector(options)
  made.serve('tcp', `${VIP}:80`, server)
  made.receive('c', tcp4(`10.99.1.10:1 > ${VIP}:80`, fromClient))
  made.take()
  made.changes()
  return made
}

t.test('to a real server that is the director: taken in; in 127/8: dropped', async t => {
  t.strictSame(connected('127.0.0.1:80').turn('c', error()), ['drop-real-server-loopback'])
  for (const server of ['10.99.2.1:80', `${VIP}:81`])
    t.strictSame(connected(server).turn('c', error()), ['consumed'], server)
})

t.test('to a real server without a route: dropped', async t => {
  t.strictSame(connected('192.0.2.1:80', { routes: [] }).turn('c', error()), ['drop-no-route'])
})

t.test('it is no larger than any other, and not asked for its size', async t => {
  const made = connected('10.99.2.11:80', { routes: ['10.99.2.11/32=@r,mtu=68'] })
  t.equal(made.turn('c', error())[0], 'balanced', 'errors being relayed are not checked against the MTU (§6.5)')
})

t.test('to a real server that must be asked for first: it waits', async t => {
  const made = connected('10.99.2.77:80')
  t.equal(made.receive('c', error()), 'held')
})

t.test('with IPVS off, an error to the VIP is a host’s', async t => {
  const made = new BenchDirector({ vips: [VIP] })
  t.strictSame(made.turn('c', error()), ['consumed'])
})

t.test('by a group MAC it is not looked at', async t => {
  const made = connected('10.99.2.11:80')
  t.strictSame(made.turn('c', error({ eth: '02:00:00:00:01:10 > 01:00:5e:00:00:01' })), ['consumed'])
  t.match(made.turn('c', error()), [
    'balanced',
    on(
      'r',
      icmp4('10.99.1.10 > 10.99.2.11', {
        type: 3,
        code: 1,
        ...toServer(),
        ttl: 63,
        payload: packetOf(
          tcp4('10.99.2.11:80 > 10.99.1.10:1', { checksum: checksumOf(tcp4(`${VIP}:80 > 10.99.1.10:1`)) }),
        ),
      }),
    ),
  ])
})

const checksumOf = (frame: Uint8Array): number => (frame[50]! << 8) | frame[51]!
