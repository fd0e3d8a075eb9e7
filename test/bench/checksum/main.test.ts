import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const MAIN = fileURLToPath(new URL('../../../bench/checksum/main.js', import.meta.url))
const bench = (...args: string[]) =>
  spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: 120_000 })

interface Told {
  sums: { name: string; sizes: { octets: number; best: number; worst: number; alignments: number[] }[] }[]
  path: { name: string; median: number }[]
  notes: string[]
}

t.test('every way is measured at every size and alignment; the kernel’s, or why not', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'uvs-bench-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'out.json')
  const { status, stdout, stderr } = bench('--rounds', '1', '--json', file)
  t.equal(status, 0, stderr)
  const { sums, path, notes } = JSON.parse(readFileSync(file, 'utf8')) as Told
  t.equal(sums.filter(({ name }) => name.startsWith('kernel')).length + notes.length, 2, notes.join('; '))
  for (const { name, sizes } of sums) {
    t.strictSame(
      sizes.map(({ octets }) => octets),
      [20, 64, 576, 1460, 9000, 65535],
      name,
    )
    t.ok(
      sizes.every(({ alignments, best, worst }) => alignments.length === 16 && best <= worst),
      name,
    )
    t.ok(stdout.includes(`| ${name} |`), name)
    // However noisy, 64 KiB take longer than 20 octets; but a difference of two times may be anything.
    if (!name.includes('veth')) t.ok(sizes[5]!.best > sizes[0]!.best, name)
  }
  t.ok(path.every(({ median }) => median > 0.1))
})

t.test('what is not understood is refused in a line', async t => {
  for (const args of [['--jsn', 'x'], ['--rounds', '0'], ['--rounds', 'x'], ['more']]) {
    const { status, stderr } = bench(...args)
    t.equal(status, 2, args.join(' '))
    t.match(stderr, /^bench:checksum: .+: the options are .*\n$/)
  }
})
