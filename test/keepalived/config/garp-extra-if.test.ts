import t from 'tap'
import { readConfig } from '../../../src/keepalived/config/read-config.js'
import { recordedHost } from './recorded-host.js'

/* vrrp_garp_extra_if: `all` anywhere, the last number counts, a word that is neither is an error, as `keepalived -t` 2.2.7 has it. */

const CASES: readonly (readonly [words: string, status: number, seconds?: number, isAll?: boolean])[] = [
  ['1', 0, 1, false],
  ['all 1', 0, 1, true],
  ['1 all', 0, 1, true],
  ['1 2', 0, 2, false],
  ['all 1 2', 0, 2, true],
  ['', 5],
  ['all', 5],
  ['all all', 5],
  ['x 1', 5],
  ['1 reverse', 5],
  ['1 0', 5],
  ['1 x 2', 5],
]

t.test('vrrp_garp_extra_if', async t => {
  for (const [words, status, seconds, isAll] of CASES) {
    const text = `global_defs {
vrrp_garp_extra_if ${words}
}
vrrp_instance V {
interface eth0
virtual_router_id 5
virtual_ipaddress {
10.0.0.5
}
}
`
    const read = readConfig('c.conf', recordedHost('c.conf', { text }))
    t.equal(read.status, status, words)
    const { extraIfMs, extraIfAll } = read.config!.global.garp
    if (seconds !== undefined) t.strictSame([extraIfMs, extraIfAll], [seconds * 1000, isAll], words)
  }
})
