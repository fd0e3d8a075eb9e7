import t from 'tap'
import { namespacesOf } from '../../../netns-lab/ledger.js'
import { run } from '../../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../../netns-lab/requirements.js'
import { ours, which } from '../../../netns-lab/tools.js'

const PREFIX = `uvs-watched-${process.pid}-`
const missing = ['nginx', 'wrk'].find(tool => !which(tool))
const skip = (await whyNoNamespaces()) ?? (missing ? `${missing} is not installed` : false)
const watched = (...args: string[]) =>
  run(process.execPath, [ours('bench/wire/watched.js'), ...args], {
    env: { UVS_LAB_PREFIX: PREFIX },
    timeoutMs: 200_000,
  })

t.test('each way to watch, at full load and at half, and nothing is left', { skip, timeout: 230_000 }, async t => {
  const { status, out, err } = await watched('1')
  t.equal(status, 0, err)
  const [full = '', half = ''] = out.split(/^half load, \d+\/s; /m)
  for (const load of [full, half]) {
    t.match(load, /p99 of 2 s in ms: median \[least–most\], to nobody's; 1 rounds\n/)
    t.equal(load.match(/^ {2}[\d.]+ \[[\d.]+–[\d.]+\], [\d.]+ \[NaN–NaN\]; requests\/s [\d.]+.* {2}\S/gm)?.length, 5)
  }
  t.match(full, /, 1\.00 \[NaN–NaN\]; requests\/s 1\.000 {2}nobody watches\n/)
  t.strictSame(await namespacesOf(PREFIX), [])
})

t.test('bad words', async t => {
  for (const args of [
    [],
    ['0'],
    ['x'],
    ['1', '0'],
    ['1', 'uvs-raw-nat'],
    ['1', '2', 'nftables'],
    ['1', '2', 'ipvs'],
    ['1', '2', 'uvs-raw-nat', 'more'],
  ]) {
    const { status, err } = await watched(...args)
    t.equal(status, 2)
    t.match(err, /^watched: the words are [^\n]+\n$/)
  }
})
