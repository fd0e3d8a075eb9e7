import t from 'tap'
import { tcpTimeouts } from '../../src/conn/tcp-states.js'
import { Timeouts } from '../../src/conn/timeouts.js'

t.test('at first they are the kernel’s', async t => {
  const timeouts = new Timeouts()
  t.strictSame(timeouts.get(), { tcp: 900, tcpfin: 120, udp: 300 })
  t.strictSame(timeouts.tcp, tcpTimeouts)
  t.equal(timeouts.udp, 30_000)
  t.equal(timeouts.sctp[8], 90_000)
})

t.test('three can be set: ESTABLISHED, FIN_WAIT, UDP; 0 leaves one as it is', async t => {
  const timeouts = new Timeouts()
  const cases: [[tcp: number, tcpfin: number, udp: number], object][] = [
    [[7, 0, 0], { tcp: 7, tcpfin: 120, udp: 300 }],
    [[0, 8, 0], { tcp: 7, tcpfin: 8, udp: 300 }],
    [[0, 0, 9], { tcp: 7, tcpfin: 8, udp: 9 }],
    [[0, 0, 0], { tcp: 7, tcpfin: 8, udp: 9 }],
    [[1, 2, 3], { tcp: 1, tcpfin: 2, udp: 3 }],
    [[2_678_400, 2_678_400, 2_678_400], { tcp: 2_678_400, tcpfin: 2_678_400, udp: 2_678_400 }],
  ]
  for (const [set, expected] of cases) {
    timeouts.set(...set)
    t.strictSame(timeouts.get(), expected, set.join(' '))
  }
  timeouts.set(1, 2, 3)
  t.strictSame([...timeouts.tcp], [200, 100, 12_000, 6000, 200, 12_000, 1000, 6000, 3000, 12_000, 12_000])
  t.equal(timeouts.udp, 300)
})

t.test('one director’s are not another’s, and reset they are as at first', async t => {
  const timeouts = new Timeouts()
  timeouts.set(1, 2, 3)
  t.strictSame(new Timeouts().get(), { tcp: 900, tcpfin: 120, udp: 300 })
  timeouts.reset()
  t.strictSame(timeouts.get(), { tcp: 900, tcpfin: 120, udp: 300 })
  t.strictSame(timeouts.tcp, tcpTimeouts)
})
