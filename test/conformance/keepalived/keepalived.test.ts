import t from 'tap'
import { keywordList } from '../../../src/keepalived/config/keyword-list.js'
import { generateConfig } from './generate-config.js'
import { keepalived } from './keepalived.js'
import { CONTEXTS } from './keyword-contexts.js'
import { RealKeepalived, whyNoKeepalived } from './real-keepalived.js'

const skip = whyNoKeepalived() ?? false

t.test('the same for the same seed', async t => {
  t.equal(generateConfig(7, 3), generateConfig(7, 3))
  t.not(generateConfig(7, 3), generateConfig(8, 3))
})

t.test('every block has a context', async t => {
  const blocks = new Set(keywordList().map(({ within }) => within))
  t.strictSame([...blocks].filter(block => !Object.hasOwn(CONTEXTS, block)).sort(), [])
})

t.test('random configurations beside the real one', { skip }, async t => {
  const lines: string[] = []
  t.ok(await keepalived({ seed: 2016, count: 60 }, line => lines.push(line)), lines.join('\n'))
  t.match(lines.at(-2), /^\d+ passed, 0 failed: 100.00 % of \d+ have the same exit status$/)
})

t.test('a difference is found', { skip }, async t => {
  const real = new RealKeepalived()
  try {
    const wrong = 'vrrp_instance V {\ninterface eth0\nvirtual_router_id 5\npriority 500\n}\n'
    t.match(real.ask(wrong), { status: 5, output: /Priority not valid/ })
    t.equal(real.uvs(wrong).status, 5)
    const fine = wrong.replace('priority 500', 'virtual_ipaddress { 10.0.0.9 }')
    t.strictSame(real.ask(fine), { status: 0, output: '' })
    t.equal(real.uvs(fine).status, 0)
  } finally {
    real.close()
  }
})
