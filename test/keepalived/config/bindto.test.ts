import t from 'tap'
import { readConfig } from '../../../src/keepalived/config/read-config.js'
import { recordedHost } from './recorded-host.js'

/* A checker's bindto: of the family of what it connects to, as `keepalived -t` 2.2.7 has it. */

type Case = readonly [server: string, checker: string, lines: string, status: number]
const [V4, V6] = ['10.1.2.1', '2001:db8:2::1']
const CASES: readonly Case[] = [
  [V4, 'TCP_CHECK', 'bindto 10.1.2.9', 0],
  [V4, 'TCP_CHECK', 'bindto 2001:db8::1', 5],
  [V4, 'TCP_CHECK', 'connect_ip 2001:db8::2\nbindto 2001:db8::1', 0],
  [V4, 'TCP_CHECK', 'connect_ip 2001:db8::2\nbindto 10.1.2.9', 5],
  [V6, 'TCP_CHECK', 'bindto 2001:db8::1\nconnect_ip 10.1.2.9', 5],
  // Of its server SMTP_CHECK thinks in a host block only, which knows nothing of what stands before it.
  [V4, 'SMTP_CHECK', 'bindto 2001:db8::1', 0],
  [V4, 'SMTP_CHECK', 'bindto 2001:db8::1\nconnect_ip 2001:db8::2', 0],
  [V4, 'SMTP_CHECK', 'bindto 2001:db8::1\nconnect_ip 10.1.2.9', 5],
  [V4, 'SMTP_CHECK', 'bindto 2001:db8::1\nhost {\nconnect_ip 10.1.2.3\n}', 0],
  [V4, 'SMTP_CHECK', 'host {\nbindto 2001:db8::1\n}', 5],
  [V4, 'SMTP_CHECK', 'host {\nconnect_ip 2001:db8::2\nbindto 10.1.2.9\n}', 5],
  [V6, 'SMTP_CHECK', 'bindto 10.1.2.9', 0],
  [V6, 'SMTP_CHECK', 'connect_ip 10.1.2.3\nhost {\nbindto 2001:db8::1\n}', 0],
]

t.test('bindto of the other family', async t => {
  for (const [server, checker, lines, status] of CASES) {
    const text = `virtual_server ${server === V4 ? '10.1.1.1' : '2001:db8:1::1'} 80 {
protocol TCP
lb_algo rr
lb_kind NAT
real_server ${server} 80 {
${checker} {
${lines}
}
}
}
`
    const read = readConfig('c.conf', recordedHost('c.conf', { text }))
    t.equal(read.status, status, `${server}, ${checker}: ${lines}`)
  }
})
