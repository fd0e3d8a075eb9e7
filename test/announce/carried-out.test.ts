import t from 'tap'
import { carriedOut } from '../../src/announce/carried-out.js'
import type { RuleChange } from '../../src/control/protocol/api.js'

const rule: RuleChange = { op: 'delete-service', service: { mark: 7 } }
const other: RuleChange = { op: 'delete-service', service: { mark: 8 } }
const refused = { ok: false, refusal: 'ESRCH', message: 'no such service' } as const
const done = { ok: true, value: null } as const

t.test('what a director has carried out of a request', async t => {
  t.strictSame(carriedOut(rule, done), [rule])
  t.strictSame(carriedOut(rule, refused), [])
  t.strictSame(carriedOut({ op: 'batch', requests: [rule, other] }, { ok: true, value: [refused, done] }), [other])
  t.strictSame(carriedOut({ op: 'batch', requests: [rule] }, refused), [])
  for (const op of ['flush', 'reset'] as const) t.strictSame(carriedOut({ op }, done), 'all', op)
  t.strictSame(carriedOut({ op: 'timeouts' }, { ok: true, value: { tcp: 1, tcpfin: 1, udp: 1 } }), [])
})
