import t from 'tap'
import {
  BenchDirector,
  errorAbout,
  fromClient,
  fromServer,
  on,
  oneHopOn,
  toServer,
  VIP,
} from '../support/bench-director.js'
import { hex, ip4, tcp4, unhex } from '../support/frames.js'

const syn = (port: number): Uint8Array => tcp4(`10.99.1.10:${port} > ${VIP}:80`, fromClient)

t.test(
  'verdict drop-defence: drop_packet takes one new connection in am_droprate, and no packet of an open one',
  async t => {
    const bench = new BenchDirector()
    bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
    bench.receive('c', syn(40_000))
    bench.must({ op: 'set-sysctl', name: 'am_droprate', value: '3' })
    bench.must({ op: 'set-sysctl', name: 'drop_packet', value: '3' })
    bench.changes()
    const verdicts = Array.from({ length: 9 }, (_, i) => bench.receive('c', syn(40_001 + i)))
    t.equal(verdicts.filter(verdict => verdict === 'drop-defence').length, 3, verdicts.join(' '))
    t.strictSame(bench.changes(), { 'drop-defence': 3, balanced: 6 })
    for (let i = 0; i < 9; i++) t.equal(bench.receive('c', syn(40_000)), 'balanced', 'of an open connection')
  },
)

t.test(
  'verdict drop-no-connection: nat_icmp_send tells a real server, with port unreachable, and nobody else',
  async t => {
    const bench = new BenchDirector()
    bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
    const answer = tcp4('10.99.2.11:80 > 10.99.1.10:40000', { flags: 'SA', ...fromServer() })
    t.equal(bench.turn('r', answer)[0], 'forwarded', 'not asked for')
    bench.must({ op: 'set-sysctl', name: 'nat_icmp_send', value: '1' })
    bench.changes()
    t.equal(bench.receive('r', answer), 'drop-no-connection')
    const [sent] = bench.take()
    const error = errorAbout(
      oneHopOn(answer),
      '10.99.2.1 > 10.99.2.11',
      { type: 3, code: 3, ...toServer() },
      sent?.frame,
    )
    t.equal(sent && on(sent.link, sent.frame), on('r', error))
    t.match(bench.changes(), { 'drop-no-connection': 1 })
    const others: [string, Uint8Array][] = [
      ['another port', tcp4('10.99.2.11:81 > 10.99.1.10:40000', { flags: 'SA', ...fromServer() })],
      ['another host', tcp4('10.99.2.12:80 > 10.99.1.10:40000', { flags: 'SA', ...fromServer(12) })],
      ['a RST', tcp4('10.99.2.11:80 > 10.99.1.10:40000', { flags: 'R', ...fromServer() })],
    ]
    for (const [what, frame] of others) t.equal(bench.receive('r', frame), 'forwarded', what)
  },
)

t.test('verdict drop-sctp-malformed: the common header and the first chunk header must be there', async t => {
  const bench = new BenchDirector()
  bench.serve('sctp', `${VIP}:80`, '10.99.2.11:80')
  bench.changes()
  const init = unhex('9c40005000000000000000000100001412345678')
  const frame = (length: number): Uint8Array => ip4(`10.99.1.10 > ${VIP}`, 132, init.slice(0, length), fromClient)
  for (const length of [0, 4, 11, 15])
    t.equal(bench.receive('c', frame(length)), 'drop-sctp-malformed', `${length} octets`)
  t.equal(bench.receive('c', frame(16)), 'balanced', hex(init.slice(0, 16)))
  t.strictSame(bench.changes(), { 'drop-sctp-malformed': 4, balanced: 1 })
})
