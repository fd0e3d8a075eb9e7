import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { until } from '../../../netns-lab/proc.js'

const MAIN = fileURLToPath(new URL('../../../bench/in-process/main.js', import.meta.url))

function bench(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    timeout: 200_000,
  })
  return { status, stdout, stderr }
}

t.test('chosen measures are run, told in lines and in JSON', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'uvs-bench-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'out.json')
  const chosen = ['established packet, FULLNAT, outbound, 64 connections, by 64', 'lookup among 64 ']
  const { status, stdout } = bench('--connections', '64', '--rounds', '2', '--json', file, ...chosen)
  t.equal(status, 0)
  const lines = stdout.trim().split('\n').slice(2)
  t.equal(lines.length, 2, stdout)
  t.match(
    lines[0],
    /^established packet, FULLNAT, outbound, 64 connections, by 64 +[\d.]+ \[.*\] ns net; .* ns for the copy alone$/,
  )
  const { machine, results } = JSON.parse(readFileSync(file, 'utf8'))
  t.match(machine, { node: process.version, cpus: Number })
  for (const { figures } of results) {
    t.equal(figures.ns.rounds.length, 2)
    t.ok(figures.ns.min > 1 && figures.ns.min <= figures.ns.median && figures.ns.median <= figures.ns.max)
  }
})

t.test('every kind of measure runs, and tells figures above 0', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'uvs-bench-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'out.json')
  const chosen = [
    'life of 70 connections, FULLNAT',
    'two workers',
    'loop over',
    'one batch of 64, NAT, 70',
    'rewrite, inbound, TUN',
  ]
  const { status, stderr } = bench('--connections', '70', '--rounds', '1', '--json', file, ...chosen)
  t.equal(status, 0, stderr)
  const { results } = JSON.parse(readFileSync(file, 'utf8')) as { results: { name: string; figures: object }[] }
  t.equal(results.length, 1 + 3 + 2 + 2 + 2, results.map(({ name }) => name).join('\n'))
  for (const { name, figures } of results)
    t.ok(Math.max(...Object.values(figures).map(({ median }) => median)) > 0, `${name}: ${JSON.stringify(figures)}`)
})

t.test('what is not understood is refused in a line', async t => {
  for (const [args, told] of [
    [['--jsn', 'x'], "Unknown option '--jsn'"],
    [['--connections', '10,0'], "--connections: '0' is not a number from 1 to 16777216"],
    [['--rounds', 'x'], "--rounds: 'x' is not a number from 1 to 100"],
    [['--rounds', '1', '--rounds', '2'], '--rounds is given twice'],
    [['--connections', '-5'], "Option '--connections' argument is ambiguous"],
    [['no-such'], "no measure's name has 'no-such' in it"],
  ] as const) {
    const { status, stderr } = bench(...args)
    t.equal(status, 2)
    t.ok(stderr.startsWith(`bench: ${told}: the options are `) && stderr.split('\n').length === 2, stderr)
  }
})

t.test('a file that cannot be written is refused before anything is measured', async t => {
  const { status, stdout, stderr } = bench('--json', '/nonexistent/x', 'service lookup')
  t.strictSame([status, stdout], [1, ''])
  t.equal(stderr, "bench: --json '/nonexistent/x' cannot be written: no such file or directory\n")
})

/** Of a process that has ended and nobody has asked for, only the entry is left. */
function lives(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
}

t.test('ended by a signal, it leaves nobody measuring', async t => {
  const child = spawn(process.execPath, [MAIN, '--connections', '64', '--rounds', '100', 'stage'])
  const told = new Promise(resolve => child.stdout.once('data', resolve))
  const ended = new Promise<number | null>(resolve => child.once('exit', resolve))
  await told
  const measuring = (): string[] =>
    spawnSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' })
      .stdout.trim()
      .split(/\s+/)
  while (measuring()[0] === '') await new Promise(resolve => setTimeout(resolve, 20))
  const pids = measuring().map(Number)
  child.kill('SIGTERM')
  t.equal(await ended, 128 + 15)
  await until(() => !pids.some(lives), 20_000)
  t.strictSame(pids.filter(lives), [], 'they have ended')
})
