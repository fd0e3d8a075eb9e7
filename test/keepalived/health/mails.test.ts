import t from 'tap'
import { mailLine } from '../../../src/keepalived/health/check-lines.js'
import type { CheckerState } from '../../../src/keepalived/health/checker-state.js'
import { real, sorry, tcp, virtual } from './options.js'
import { VirtualRig, type Answer } from './virtual-rig.js'

/* Mails of checks, as keepalived 2.2.7 sent them with a kernel's IPVS; the sums in those of a quorum are put right. */

const ALIVE: Answer = { result: { isUp: true }, tookMs: 1 }
const DEAD: Answer = { result: { isUp: false, why: 'connection refused' }, tookMs: 1 }

function mailsOf({ actions }: VirtualRig): string[] {
  return actions.flatMap(action => (action.kind === 'mail' ? `${action.of}: ${action.subject} ${action.body}` : []))
}

t.test('a server of two checkers: a mail for each of their changes, too', async t => {
  const dead = new Set<number>()
  const one = real(1, 2, { checkers: [tcp({ retry: 0 }), tcp({ retry: 0, connectPort: 81 })] })
  const ports = ({ checker }: CheckerState): Answer =>
    dead.has(('connectPort' in checker && checker.connectPort) || 80) ? DEAD : ALIVE
  const rig = new VirtualRig([virtual([one])], ports)
  rig.at(1500, () => dead.add(81))
  rig.at(3500, () => dead.add(80))
  rig.at(5500, () => dead.delete(81))
  rig.at(7500, () => dead.delete(80))
  rig.run(12_000)
  const server = 'Realserver [10.1.2.1]:tcp:80 of virtual server V -'
  const service = 'service: Virtualserver V -'
  t.strictSame(mailsOf(rig), [
    `${service} UP => Starting with quorum up 1+0=1 <= 2 <=`,
    `server: ${server} DOWN => TCP CHECK failed on service <=`,
    `${service} DOWN => Lost quorum 1-0=1 > 0 <=`,
    `checker: ${server} DOWN => TCP CHECK failed on service <=`,
    `checker: ${server} DOWN => TCP CHECK succeed on service <=`,
    `server: ${server} UP => TCP CHECK succeed on service <=`,
    `${service} UP => Gained quorum 1+0=1 <= 2 <=`,
  ])
})

t.test('alpha: a server that comes in has a mail, and the quorum that is open too', async t => {
  const rig = new VirtualRig([virtual([real(1, 1, { alpha: true })], { sorryServer: sorry(9) })], () => ALIVE).run(4000)
  t.strictSame(mailsOf(rig), [
    'service: Virtualserver V - DOWN => Starting with quorum down 1-0=1 > 0 <=',
    'server: Realserver [10.1.2.1]:tcp:80 of virtual server V - UP => TCP CHECK succeed on service <=',
    'service: Virtualserver V - UP => Gained quorum 1+0=1 <= 1 <=',
  ])
})

t.test('the words of each checker', async t => {
  t.equal(mailLine('HTTP_GET', false, 'status 500'), 'CHECK failed on service : status 500')
  t.equal(mailLine('SSL_GET', true, undefined), 'CHECK succeed on service')
  t.equal(mailLine('SMTP_CHECK', false, 'connection refused'), 'CHECK failed on service : connection refused')
  t.equal(mailLine('DNS_CHECK', false, 'x'), 'DNS_CHECK: failed on service')
  t.equal(mailLine('UDP_CHECK', false, 'x'), 'UDP CHECK failed on service')
  t.equal(mailLine('PING_CHECK', true, undefined), 'ICMP CHECK succeed on service')
  t.equal(mailLine('MISC_CHECK', true, undefined), 'MISC CHECK succeeded on service')
  t.equal(mailLine('MISC_CHECK', false, 'x'), 'MISC CHECK failed on service')
  t.equal(mailLine('MISC_CHECK', false, 'timed out'), 'MISC CHECK timed out on service')
  t.equal(mailLine(undefined, false, undefined), 'FILE CHECK failed on service')
})
