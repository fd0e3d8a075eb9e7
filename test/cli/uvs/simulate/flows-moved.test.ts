import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { readOptions } from '../../../../src/cli/uvs/options/read-options.js'
import { flowsMovedCommand } from '../../../../src/cli/uvs/simulate/flows-moved-options.js'
import { flowsMovedText } from '../../../../src/cli/uvs/simulate/flows-moved-text.js'
import { findFlowsMoved, type FlowsMovedReport } from '../../../../src/cli/uvs/simulate/flows-moved.js'
import { simulate } from '../../../../src/cli/uvs/simulate/simulate.js'
import type { ServiceMoved } from '../../../../native-free/simulate/flows-moved.js'
import { captureFile, pcap } from '../../../support/capture-files.js'
import { tcp4, udp4 } from '../../../support/frames.js'
import { kernelFlows, kernelRules, type KernelMoved } from '../../../support/kernel-flows.js'
import { runCommand } from '../../../support/run-command.js'
import { tempDir } from '../../../support/temp.js'
import { slowHash } from '../../../sched/slow-siphash.js'

/** By test/conformance/live/record-moved.ts; seen from dist/test/cli/uvs/simulate. */
const RECORDED = fileURLToPath(new URL('../../../../../test/fixtures/simulate/kernel-moved.json', import.meta.url))
const VIP = '10.0.0.100'
const ALL = 10
/** The one that leaves; sh and wlc deal from the newest, so it is in the middle of theirs. */
const LEAVES = 4

const server = (number: number): string => `10.2.0.${number}:80`
const client = (at: number): string => `10.9.0.${at}:4000`
const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1)

interface Rules {
  service?: string
  scheduler?: string
  more?: string
  method?: string
  servers?: number[]
  weights?: Record<number, number>
}
function rules({ service = `-t ${VIP}:80`, scheduler = 'wlc', more = '', ...rest }: Rules): string {
  const { method = '-m', servers = numbers(ALL), weights = {} } = rest
  const lines = servers.map(each => `-a ${service} -r ${server(each)} ${method} -w ${weights[each] ?? 1}`)
  return [`-A ${service} -s ${scheduler} ${more}`, ...lines, ''].join('\n')
}
const without = (rule: Rules): Rules => ({ ...rule, servers: numbers(ALL).filter(each => each !== LEAVES) })

function files(t: Test, before: string, after: string): { before: string; after: string } {
  const folder = t.testdir({ before, after })
  return { before: join(folder, 'before'), after: join(folder, 'after') }
}
/** In this process: a command's own takes most of its time to start. */
function moved(t: Test, before: string, after: string, ...more: string[]): Promise<FlowsMovedReport> {
  const args = [...withFiles(files(t, before, after)), ...more]
  return findFlowsMoved(flowsMovedCommand(readOptions(simulate, args)))
}
const withFiles = ({ before, after }: { before: string; after: string }): string[] => [
  '--before',
  before,
  '--after',
  after,
]
async function only(t: Test, before: string, after: string, ...more: string[]): Promise<ServiceMoved> {
  const { services } = await moved(t, before, after, ...more)
  t.equal(services.length, 1)
  return services[0]!
}

/** Owners of the slots, by the paper (Eisenbud et al., NSDI 2016, §3.4) with the kernel's hashes (ipvs-behaviour.md §3.9). */
function maglev(servers: readonly number[], size: number): number[] {
  const owners = Array.from({ length: size }, () => 0)
  const places = servers.toReversed().map(each => {
    const value = (0x0a020000 + each + 80) >>> 0
    return {
      each,
      next: slowHash(value, 2_654_435_761) % size,
      skip: (slowHash(value, 2_654_446_892) % (size - 1)) + 1,
    }
  })
  for (let taken = 0; taken < size;)
    for (const place of places) {
      if (taken === size) break
      while (owners[place.next] !== 0) place.next = (place.next + place.skip) % size
      owners[place.next] = place.each
      taken++
    }
  return owners
}
/** Of all slots, those that move though their server stays; the mean over each server that may leave. */
function disruption(size: number): number {
  const all = maglev(numbers(ALL), size)
  const shares = numbers(ALL).map(leaves => {
    const rest = maglev(
      numbers(ALL).filter(each => each !== leaves),
      size,
    )
    return all.filter((owner, slot) => owner !== leaves && rest[slot] !== owner).length / size
  })
  return shares.reduce((sum, share) => sum + share, 0) / ALL
}

t.test('mh: one of ten leaves, its tenth of the flows moves and few others, as its table says', async t => {
  const flows = 20_000
  const before: Rules = { scheduler: 'mh' }
  const { newFlows, open } = await only(t, rules(before), rules(without(before)), '--flows', `${flows}`)
  const tables = [maglev(numbers(ALL), 4093), maglev(without(before).servers!, 4093)] as const
  const share = (isSlot: (was: number, is: number) => boolean): number =>
    tables[0].filter((was, slot) => isSlot(was, tables[1][slot]!)).length / 4093
  const near = (found: number, expected: number, what: string): void => {
    const deviation = Math.sqrt((expected * (1 - expected)) / flows)
    t.ok(Math.abs(found / flows - expected) < 5 * deviation, `${what}: ${found / flows}, by the table ${expected}`)
  }
  near(
    newFlows.mustMove,
    share(was => was === LEAVES),
    'of the one that leaves',
  )
  near(
    newFlows.elsewhere - newFlows.mustMove,
    share((was, is) => was !== LEAVES && was !== is),
    'of others',
  )
  near(newFlows.mustMove, 1 / ALL, 'a tenth')
  t.ok(newFlows.elsewhere - newFlows.mustMove < 0.03 * flows, 'minimal disruption')
  t.equal(newFlows.same + newFlows.elsewhere, flows)
  t.strictSame([open.stay, open.move, open.break], [flows - newFlows.mustMove, 0, newFlows.mustMove])
  t.strictSame(open.rows, [{ from: server(LEAVES), to: 'drop-destination-gone', flows: open.break }])
})

t.test('mh, sh and wlc: as the kernel, recorded, each from and to the same real server', async t => {
  const recorded = JSON.parse(readFileSync(RECORDED, 'utf8')) as KernelMoved
  t.strictSame(Object.keys(recorded), ['mh', 'sh', 'wlc'])
  const frames = kernelFlows().map(({ frame }, at) => ({ seconds: at, fraction: 0, frame }))
  const capture = captureFile(t, pcap(frames), 'in.pcap')
  for (const [scheduler, rows] of Object.entries(recorded)) {
    const [before, after] = [false, true].map(isAfter => kernelRules(scheduler, isAfter).join('\n'))
    const { newFlows } = await only(t, before!, after!, '--flows', capture)
    const found = newFlows.rows.map(({ from, to, flows }) => [`${from} → ${to}`.replaceAll(':80', ''), flows] as const)
    t.strictSame(Object.fromEntries(found), rows, scheduler)
    t.equal(newFlows.flows, frames.length)
  }
})

t.test('mh: others move less where the table is larger, as in the paper', async t => {
  const [small, kernel, large] = [disruption(251), disruption(4093), disruption(65_537)]
  t.ok(small > kernel && kernel > large, `${small} > ${kernel} > ${large}`)
  t.ok(kernel < 0.03 && large < 0.01, 'minimal disruption')
})

t.test('sh and wlc: nearly all move, since all are dealt anew', async t => {
  const flows = 9000
  // Both go round the list from the newest one: where it has 10 and where it has 9, each 90 in turn agree in as many as this.
  const order = numbers(ALL).toReversed()
  const rest = order.filter(each => each !== LEAVES)
  const agreed = (turns: number): number =>
    Array.from({ length: turns }, (_, at) => at).filter(at => order[at % ALL] === rest[at % (ALL - 1)]).length / turns
  for (const [scheduler, expected, slack] of [
    ['wlc', agreed(90), 0.001],
    ['sh', agreed(256), 0.01],
  ] as const) {
    const { newFlows, open } = await only(t, rules({ scheduler }), rules(without({ scheduler })), '--flows', `${flows}`)
    const same = newFlows.same / flows
    t.ok(Math.abs(same - expected) < slack, `${scheduler}: ${same} stay, by the dealing ${expected}`)
    t.equal(open.stay, flows - newFlows.mustMove, `${scheduler}: what is open stays`)
  }
})

t.test('dh: one virtual address is one bucket, all or nothing', async t => {
  const before: Rules = { scheduler: 'dh' }
  const { newFlows } = await only(t, rules(before), rules(without(before)), '--flows', '100')
  t.ok([0, 100].includes(newFlows.elsewhere), `${newFlows.elsewhere}`)
})

t.test('persistence keeps clients of the director that goes on, not of one that begins', async t => {
  const before: Rules = { more: '-p 300' }
  const { newFlows, returning } = await only(t, rules(before), rules(without(before)), '--flows', '1000')
  t.strictSame([returning.elsewhere, returning.mustMove], [100, 100])
  t.ok(newFlows.elsewhere > 800)
  const not = await only(t, rules({}), rules(without({})), '--flows', '1000')
  t.ok(not.returning.elsewhere > 800, 'without it they are spread anew')
  t.match([not.before, newFlows.flows], [{ scheduler: 'wlc', persistence: 0 }, 1000])
})

t.test('a weight of 0 breaks nothing that is open', async t => {
  const drained = rules({ weights: { [LEAVES]: 0 } })
  for (const method of ['-m', '-g', '-i', '-b']) {
    const laddr = method === '-b' ? `--add-laddr -z 10.3.0.1 -t ${VIP}:80\n` : ''
    const as = (text: string): string => text.replaceAll(' -m ', ` ${method} `) + laddr
    const { newFlows, open } = await only(t, as(rules({})), as(drained), '--flows', '500')
    t.strictSame([open.flows, open.stay, newFlows.mustMove], [500, 500, 50], method)
  }
})

t.test(
  'what becomes of connections of a real server that is deleted is for sysctls and the protocol to say',
  async t => {
    const gone = async (service: string, more: string, ...sysctls: string[]): Promise<string[]> => {
      const before: Rules = { service, more }
      const { open } = await only(t, rules(before), rules(without(before)), '--flows', '200', ...sysctls)
      t.equal(open.stay, 180)
      return [...new Set(open.rows.map(({ to }) => to.replace(/^10\..*/, 'another')))]
    }
    const expire = ['--sysctl', 'net.ipv4.vs.expire_nodest_conn=1']
    t.strictSame(await gone(`-t ${VIP}:80`, ''), ['drop-destination-gone'])
    t.strictSame(await gone(`-t ${VIP}:80`, '', ...expire), ['answered'], 'an RST: no SYN, no connection')
    t.strictSame(await gone(`-t ${VIP}:80`, '', ...expire, '--sysctl', 'sloppy_tcp=1'), ['another'])
    t.strictSame(await gone(`-u ${VIP}:80`, ''), ['drop-destination-gone'])
    t.strictSame(await gone(`-u ${VIP}:80`, '', ...expire), ['another'])
  },
)

t.test('one-packet services, marks, services that come and go', async t => {
  const opened = await only(
    t,
    rules({ service: `-u ${VIP}:80`, more: '-o' }),
    rules({ service: `-u ${VIP}:80`, more: '-o' }),
    '--flows',
    '100',
  )
  t.strictSame(
    [opened.newFlows.same, opened.open.flows],
    [100, 100],
    'a one-packet connection is seen though no table has it',
  )
  const mark: Rules = { service: '-f 7', scheduler: 'mh' }
  const marks = ['--flows', '2000', '--mark', `tcp ${VIP}/32:80,443=7`]
  const marked = await only(t, rules(mark), rules(without(mark)), ...marks, '--vip', VIP)
  t.match(marked, { service: 'FWM 7', newFlows: { flows: 2000 }, open: { move: 0 } })
  t.ok(marked.newFlows.mustMove > 150 && marked.newFlows.mustMove < 250, `${marked.newFlows.mustMove}`)
  const astray = await only(t, rules(mark), rules(without(mark)), ...marks)
  t.strictSame(astray.newFlows.rows, [{ from: 'forwarded', to: 'forwarded', flows: 2000 }], 'an address of nobody')
  const other = rules({ service: `-t ${VIP}:81` })
  const replaced = await only(t, rules({}), other, '--flows', '100')
  t.strictSame([replaced.newFlows.elsewhere, replaced.open.break, replaced.after], [100, 100, undefined])
  const none = await only(t, rules({ servers: [] }), rules({}), '--flows', '100')
  t.strictSame([none.newFlows.mustMove, none.open.flows], [100, 0])
  t.match(none.newFlows.rows, [{ from: 'drop-no-destination', to: server(10), flows: 10 }])
})

t.test('the flows of a capture: each once, answers left out, as many as were made', async t => {
  const frames = numbers(50).flatMap(at => [
    tcp4(`${client(at)} > ${VIP}:80`, { flags: 'S' }),
    tcp4(`${VIP}:80 > ${client(at)}`, { flags: 'SA' }),
    tcp4(`${client(at)} > ${VIP}:80`, { flags: 'A' }),
    udp4(`${client(at)} > 10.8.0.1:53`, {}),
  ])
  const capture = captureFile(t, pcap(frames.map((frame, at) => ({ seconds: at, fraction: 0, frame }))), 'in.pcap')
  const { flows, source, services } = await moved(t, rules({}), rules(without({})), '--flows', capture)
  t.match([flows, source], [50, { capture, frames: 200, others: 100, sctp: 0, isCut: false }])
  t.match(services, [{ newFlows: { flows: 50, mustMove: 5 }, open: { stay: 45, break: 5 } }])
})

t.test('the text says the same; the same seed gives the same', async t => {
  const [before, after] = [rules({ scheduler: 'mh' }), rules(without({ scheduler: 'mh' }))]
  const run = async (...more: string[]) => flowsMovedText(await moved(t, before, after, '--flows', '1000', ...more))
  const out = await run()
  t.match(out, /^1000 flows: made from seed 1, clients of 100\.64\.0\.0\/10\n\nTCP 10\.0\.0\.100:80 {2}mh → mh\n/)
  t.match(
    out,
    /\n {2}open connections, when it is applied: +\d+ of 1000 stay \(\d+\.\d %\), 0 move \(0\.0 %\), \d+ break/,
  )
  t.match(out, /10\.2\.0\.4:80 → drop-destination-gone +\d+\n/)
  t.equal(await run(), out)
  t.not(await run('--seed', '2'), out)
  t.match(await run('--clients', '10.7.0.0/16'), /clients of 10\.7\.0\.0\/16/)
  const args = [...withFiles(files(t, before, after)), '--flows', '1000']
  t.strictSame(await runCommand('simulate', '', ...args), { status: 0, out, err: '' })
  const { out: json } = await runCommand('simulate', after, ...args.with(3, '-'), '--json', '-')
  const { problems, ...found } = await moved(t, before, after, '--flows', '1000')
  t.strictSame(
    JSON.parse(json),
    { version: 1, simulation: { kind: 'flowsMoved', problems, flowsMoved: found } },
    'rules may be standard input',
  )
  const file = join(tempDir(t), 'out')
  t.strictSame(await runCommand('simulate', '', ...args, '--json', file), { status: 0, out, err: '' })
  t.equal(readFileSync(file, 'utf8'), json)
})

t.test('what is wrong on the command line or in a file is one line, with the word', async t => {
  const good = rules({})
  const folder = t.testdir({ good, scheduler: '-A -t 10.0.0.1:80 -s nix\n', word: '-x\n', empty: '' })
  const args = (before: string, after: string, ...more: string[]): string[] =>
    withFiles({ before: join(folder, before), after: join(folder, after) }).concat(more)
  for (const [given, line] of [
    [args('good', 'good', '--flows', '0'), /^--flows: '0' is not a whole number from 1 to 1000000$/],
    [args('good', 'good'), /^--flows CAPTURE\|N is missing/],
    [args('good', 'good', '--flows', 'none.pcap'), /^--flows: none\.pcap: /],
    [args('good', 'good', '--flows', folder), /^--flows: \S+: it is a directory, no capture$/],
    [
      args('good', 'empty', '--flows', '9', '--json', join(folder, 'empty')),
      /^--json: \S+empty is the file of --after$/,
    ],
    [args('good', 'scheduler', '--flows', '9'), /^--after: .*scheduler line 1: /],
    [args('word', 'good', '--flows', '9'), /^--before: .*word line 1: /],
    [args('none', 'good', '--flows', '9'), /^--before: .*none/],
    [args('empty', 'good', '--flows', '9'), /^--before: the rules have no virtual service/],
    [['--before', '-', '--after', '-', '--flows', '9'], /only one may be standard input/],
    [args('good', 'good', '--flows', '9', '--clients', 'x'), /^--clients: 'x' is not ADDRESS\/PREFIX/],
    [args('good', 'good', '--flows', 'a', '--clients', '10.0.0.0/8'), /^--clients: .* goes with --flows N/],
    [args('good', 'good', '--flows', '9', '--sysctl', 'nix=1'), /^--sysctl: nix=1: /],
    [args('good', 'good', '--flows', '9', '--sysctl', 'nix'), /^--sysctl: 'nix' is not NAME=VALUE/],
  ] as const) {
    const find = async () => findFlowsMoved(flowsMovedCommand(readOptions(simulate, given)))
    await t.rejects(find(), { name: 'UsageError', message: line }, given.join(' '))
  }
  const corrupt = join(t.testdir({ capture: 'no capture' }), 'capture')
  await t.rejects(moved(t, good, good, '--flows', corrupt), { name: 'Error', message: /capture: / })
})
