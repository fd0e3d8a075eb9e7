import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { ModeSummary } from '../../netns-lab/compare-figures.js'
import { compareModes } from '../../netns-lab/compare.js'
import { namespacesOf } from '../../netns-lab/ledger.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'

const PREFIX = `uvs-compare-${process.pid}-`

t.test('every mode, one round', { skip: (await whyNoNamespaces()) ?? false, timeout: 230_000 }, async t => {
  const json = join(t.testdir(), 'all.json')
  const lines: string[] = []
  const effort = { rounds: 1, seconds: 1, requests: 500, octets: 5_000_000 }
  const { signal } = new AbortController()
  t.equal(await compareModes({ io: 'raw', prefix: PREFIX, json, print: line => lines.push(line), signal, effort }), 0)
  t.ok(lines.some(line => line.includes('a download of 5 MB.')))
  t.notOk(lines.join('').includes('$'), 'no template is left raw')
  t.match(lines.join('\n'), /^mode +requests\/s .*\nnat .*\ndr .*\ntun .*\nfullnat .*$/m)
  t.equal(lines[0], 'uvs lab all --io raw')
  t.match(lines.at(-3), /^By requests\/s: .*\. FULLNAT /)
  t.match(
    lines.at(-1),
    /^Usually taught: DR > TUN > NAT > FULLNAT, .* By requests\/s that order (holds|does not|cannot) ?/,
  )
  const { modes, io } = JSON.parse(readFileSync(json, 'utf8')) as { modes: ModeSummary[]; io: string }
  t.equal(io, 'raw')
  for (const { mode, ...figures } of modes) {
    // The director's CPU time, in hundredths of a second, is 0 where a program forwards all that the client sends.
    for (const [name, { median }] of Object.entries(figures))
      t.ok(name.startsWith('microseconds') ? median >= 0 : median > 0, `${mode}: ${name} is ${median}`)
  }
  t.strictSame(
    modes.map(({ mode }) => mode),
    ['nat', 'dr', 'tun', 'fullnat'],
  )
  t.strictSame(await namespacesOf(PREFIX), [])
})
