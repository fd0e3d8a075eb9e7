import t from 'tap'
import { jsonOfReply, replyOfJson } from '../../../src/control/protocol/reply-json.js'

const READ = '{"ok":true,"value":{"rows":[]}}'

t.test('a reply that came as JSON goes out as it came, and can be looked into', async t => {
  const reply = replyOfJson(READ)
  t.equal(reply.ok, true)
  t.equal(jsonOfReply(reply), READ)
  t.strictSame({ ...reply }, { ok: true, value: { rows: [] } })
  t.strictSame(JSON.stringify(reply), READ)
})

t.test('what nobody looks into is not parsed', async t => {
  const broken = '{"ok":true,"value":{'
  const reply = replyOfJson(broken)
  t.equal(jsonOfReply(reply), broken)
  t.throws(() => reply.ok && reply.value, SyntaxError)
})

t.test('a refusal, and a reply that was made here', async t => {
  const refused = '{"ok":false,"refusal":"ESRCH","message":"no such service"}'
  t.strictSame(replyOfJson(refused), JSON.parse(refused))
  t.equal(jsonOfReply(replyOfJson(refused)), refused)
  t.equal(jsonOfReply({ ok: true, value: null }), '{"ok":true,"value":null}')
})
