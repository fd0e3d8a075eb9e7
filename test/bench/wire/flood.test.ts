import t from 'tap'
import { namespacesOf } from '../../../netns-lab/ledger.js'
import { run } from '../../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../../netns-lab/requirements.js'
import { ours, which } from '../../../netns-lab/tools.js'

const PREFIX = `uvs-flood-${process.pid}-`
const missing = ['nginx', 'wrk', 'curl'].find(tool => !which(tool))
const skip = (await whyNoNamespaces()) ?? (missing ? `${missing} is not installed` : false)
const flood = (...args: string[]) =>
  run(process.execPath, [ours('bench/wire/flood.js'), ...args], {
    env: { UVS_LAB_PREFIX: PREFIX },
    timeoutMs: 200_000,
  })
const SEEN = String.raw`\d+/s \([\d.]+\), p99 [\d.]+ ms`

t.test('a flood, and service is there again after it; nothing is left', { skip, timeout: 230_000 }, async t => {
  const { status, out, err } = await flood('2', '20000', '1', '20000')
  t.equal(status, 0, err)
  const said = new RegExp(
    `^before ${SEEN}; flood to nobody ${SEEN}; in it ${SEEN}, (\\d+) SYNs/s; new connections after ([\\d.]+) s\\n$`,
  ).exec(out)
  t.ok(Number(said?.[1]) > 1000 && Number(said?.[1]) < 22_000, out)
  t.ok(Number(said?.[2]) < 30, out)
  t.strictSame(await namespacesOf(PREFIX), [])
})

t.test('bad words', async t => {
  for (const args of [
    ['0'],
    ['x'],
    ['601'],
    ['1', '0'],
    ['1', '2', '100'],
    ['1', '2', '3', 'x'],
    ['1', '2', '3', '4', '5'],
  ]) {
    const { status, err } = await flood(...args)
    t.equal(status, 2)
    t.match(err, /^flood: the words are [^\n]+\n$/)
  }
})
