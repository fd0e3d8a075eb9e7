import t from 'tap'
import { readConfig } from '../../../src/keepalived/config/read-config.js'
import { recordedHost } from './recorded-host.js'

/* A checker's bindto: of the family of what it connects to, as `keepalived -t` 2.2.7 has it. */

const CASES: readonly (readonly [lines: string, status: number])[] = [
  ['bindto 10.1.2.9', 0],
  ['bindto 2001:db8::1', 5],
  ['connect_ip 2001:db8::2\nbindto 2001:db8::1', 0],
  ['connect_ip 2001:db8::2\nbindto 10.1.2.9', 5],
]

t.test('bindto of the other family', async t => {
  for (const [lines, status] of CASES) {
    const text = `virtual_server 10.1.1.1 80 {
protocol TCP
lb_algo rr
lb_kind NAT
real_server 10.1.2.1 80 {
TCP_CHECK {
${lines}
}
}
}
`
    const read = readConfig('c.conf', recordedHost('c.conf', { text }))
    t.equal(read.status, status, lines)
  }
})
