import t from 'tap'
import { namespacesOf } from '../../../netns-lab/ledger.js'
import { run } from '../../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../../netns-lab/requirements.js'
import { ours, which } from '../../../netns-lab/tools.js'

const PREFIX = `uvs-pairs-${process.pid}-`
const missing = ['nginx', 'ab', 'wrk'].find(tool => !which(tool))
const skip = (await whyNoNamespaces()) ?? (missing ? `${missing} is not installed` : false)
const pairs = (...args: string[]) =>
  run(process.execPath, [ours('bench/wire/pairs.js'), ...args], { env: { UVS_LAB_PREFIX: PREFIX }, timeoutMs: 200_000 })

t.test('two labs side by side, and nothing is left', { skip, timeout: 230_000 }, async t => {
  const { status, out, err } = await pairs('1', '10')
  t.equal(status, 0, err)
  t.match(out, /^wrk: [\d.]+ ± NaN \(uvs-raw-nat \d+, uvs-beside-nat \d+; 1 pairs\)\nab: [\d.]+ /)
  t.strictSame(await namespacesOf(PREFIX), [])
})

t.test('bad words', async t => {
  for (const args of [[], ['0', '10'], ['1', 'x'], ['1', '2', 'uvs-raw-nat'], ['1', '2', 'ipvs', 'uvs-raw-nat']]) {
    const { status, err } = await pairs(...args)
    t.equal(status, 2)
    t.match(err, /^pairs: the words are [^\n]+\n$/)
  }
})
