import t from 'tap'
import { loadProgram, ProgramType } from '../../src/ebpf/bpf.js'
import { ProgramDecap } from '../../src/ebpf/program-decap.js'
import { close } from '../../src/linux/libc.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import { DecapBench, DEVICE, type Case } from './decap-bench.js'
import {
  changedTunnelBits,
  GUE_PORT,
  INNER,
  KINDS,
  OTHER_VIP,
  randomTunnelFrame,
  RIP,
  tunnelFrame,
  UNKNOWN_GRE,
  VIP,
  type Kind,
} from './decap-frames.js'
import { mutantsOf, redirectSeen } from './planted.js'
import { randomFrom } from './random-frames.js'
import { TestRun } from './test-run.js'

/*
 * Frames of tunnels through the decapsulator's program and through the decapsulator's own code. And the program with one
 * instruction altered, many times over, which those frames must notice. Of all 586 mutants (PLANT=all, some two minutes) nothing notices 55;
 * they change nothing that can come to be here:
 * - no frame of a test run is of a VLAN, or has headers that are not at hand, or is a GSO frame of TCP (test/realserver/decap-live.test.ts
 *   has those); of what is not IPv4 the kernel takes no headers off;
 * - lengths that are asked again, for the kernel that checks programs; the last fold of sums, needed by one header in 65 536;
 * - what a helper answers where the kernel has no memory, what a NIC has said of checksums, which CPU's place counts, the flow's hash.
 */

const skip = process.getuid?.() === 0 ? false : 'not root: the kernel takes no programs'
const isAll = process.env['PLANT'] === 'all'
const FRAMES = 25_000
const PLANTED = 40
const [NEXT, REDIRECT] = [-1, 7]
const BPF_F_INGRESS = 1
const TAKEN: Kind[] = ['ipip', 'gre', 'gre, key', 'gre, sequence', 'gre, both', 'gue', 'gue, version 1']

function casesOf(bench: DecapBench): Case[] {
  const random = randomFrom(29)
  const frames = [
    ...KINDS.map(kind => ({ frame: tunnelFrame(kind, INNER), gsoSize: 0 })),
    { frame: UNKNOWN_GRE, gsoSize: 0 },
    ...changedTunnelBits(),
    ...Array.from({ length: FRAMES }, () => randomTunnelFrame(random)),
  ]
  return frames.map(each => bench.caseOf(each))
}

/** The first thing that is wrong with a program of the bench. */
function firstWrong(
  bench: DecapBench,
  runs: readonly TestRun[],
  fd: number,
  cases: readonly Case[],
): string | undefined {
  for (const [i, each] of cases.entries()) {
    const wrong = bench.wrong(runs[i % runs.length]!, fd, each)
    if (wrong !== undefined) return `${i} ${wrong}`
  }
  return undefined
}
/** Whether it leaves what it would take, while it is not open, and GUE, while it has no port. */
function wrongSettings(bench: DecapBench, run: TestRun, fd: number): string | undefined {
  const answer = (kind: Kind): number => run.run(fd, tunnelFrame(kind, INNER)).answer
  try {
    bench.set(GUE_PORT, false)
    if (TAKEN.some(kind => answer(kind) !== NEXT)) return 'taken before the device was open'
    bench.set(0, true)
    if (answer('ipip') !== REDIRECT || answer('gue') !== NEXT) return 'GUE without a port'
    const toPort0 = tunnelFrame('gue', INNER)
    toPort0.fill(0, 36, 38)
    return run.run(fd, toPort0).answer === NEXT ? undefined : 'GUE to port 0'
  } finally {
    bench.set(GUE_PORT, true)
  }
}
/** Whether it goes to the device, as what comes in there. */
function wrongRedirect(run: TestRun, code: BigUint64Array): string | undefined {
  for (const [argument, expected] of [
    [1, DEVICE],
    [2, BPF_F_INGRESS],
  ] as const) {
    const fd = load(redirectSeen(code, argument))
    if (fd < 0) return 'the kernel refuses it'
    const { mark } = run.run(fd, tunnelFrame('ipip', INNER))
    close(fd)
    if (mark !== expected) return `redirected by ${argument}: ${mark}`
  }
  return undefined
}
const load = (code: BigUint64Array): number => loadProgram(ProgramType.SCHED_CLS, code)

t.test('frames are taken as by the decapsulator, or left for a reason', { skip, timeout: 120_000 }, async t => {
  const bench = new DecapBench()
  const cases = casesOf(bench)
  const runs = [new TestRun(), new TestRun(true)]
  t.equal(firstWrong(bench, runs, bench.program.fd, cases), undefined)
  t.equal(wrongSettings(bench, runs[0]!, bench.program.fd), undefined)
  t.equal(wrongRedirect(runs[0]!, bench.code), undefined)
  const counts: Record<string, number> = {}
  for (const { fate } of cases) counts[fate] = (counts[fate] ?? 0) + 1
  t.comment(counts)
  for (const kind of TAKEN) t.ok(bench.caseOf({ frame: tunnelFrame(kind, INNER), gsoSize: 0 }).isTaken, kind)
  for (const fate of ['ipip', 'gre', 'gue']) t.ok(counts[fate]! > FRAMES / 100, `${fate}: ${counts[fate]}`)
  for (const why of [
    'GSO',
    'to another host',
    'outer options',
    'a checksum of GRE',
    'a checksum of UDP',
    'inner options',
  ])
    t.ok(counts[why]! > 20, `${why}: ${counts[why]}`)
  for (const why of ['octets behind UDP', 'extensions of GUE', 'drop-outer-malformed', 'drop-outer-fragment'])
    t.ok(counts[why]! > 20, `${why}: ${counts[why]}`)
  for (const why of ['drop-outer-not-ours', 'drop-inner-malformed', 'drop-inner-not-vip'])
    t.ok(counts[why]! > 20, `${why}: ${counts[why]}`)
  bench.close()
})

t.test('addresses and the GUE port change while it runs', { skip }, async t => {
  const program = new ProgramDecap(DEVICE)
  const run = new TestRun()
  const [rip, vip, other] = [RIP, VIP, OTHER_VIP].map(text => parseIpv4(text)!) as [never, never, never]
  const taken = (kind: Kind = 'ipip'): boolean => run.run(program.fd, tunnelFrame(kind, INNER)).answer === REDIRECT
  program.setOwn(new Set([rip]))
  program.setVips(new Set([other]))
  program.listen(GUE_PORT)
  t.notOk(taken(), 'before the device has taken a packet')
  program.open()
  t.notOk(taken(), 'for another VIP')
  program.setVips(new Set([vip, other]))
  t.ok(taken())
  program.setVips(new Set([vip]))
  t.ok(taken(), 'a VIP less')
  program.setOwn(new Set([other]))
  t.notOk(taken(), 'the host has another address')
  program.setOwn(new Set([other, rip]))
  t.ok(taken('gue'))
  program.listen(GUE_PORT + 1)
  t.notOk(taken('gue'))
  t.strictSame(program.counts(), { ipip: 2, gre: 0, gue: 1 })
  program.close()
})

t.test('an altered instruction is noticed', { skip, timeout: isAll ? 1_800_000 : 200_000 }, async t => {
  const bench = new DecapBench()
  const cases = casesOf(bench)
  const [run, summed] = [new TestRun(), new TestRun(true)]
  const noticed = (code: BigUint64Array): string | undefined => {
    const fd = load(code)
    if (fd < 0) return 'the kernel refuses it'
    try {
      return (
        wrongRedirect(run, code) ??
        wrongSettings(bench, run, fd) ??
        firstWrong(bench, [run], fd, cases) ??
        firstWrong(
          bench,
          [summed],
          fd,
          cases.filter((_, i) => i % 20 === 0),
        )
      )
    } catch (error) {
      return String(error) // the kernel finds a sum wrong
    } finally {
      close(fd)
    }
  }
  t.equal(noticed(bench.code), undefined, 'nothing is wrong with the program itself')
  const all = [...mutantsOf(bench.code, 0, bench.code.length)]
  const step = Math.floor(all.length / PLANTED)
  const chosen = isAll ? all : all.filter((_, i) => i % step === 0)
  const missed: string[] = []
  for (const { at, how, program } of chosen) {
    const why = noticed(program)
    if (why === undefined) missed.push(`instruction ${at}, ${how}`)
  }
  t.comment(`of ${chosen.length} mutants ${missed.length} were not noticed`)
  for (const each of missed) t.comment(each)
  t.ok(missed.length < chosen.length / 6, `${missed.length} of ${chosen.length} are not noticed`)
  bench.close()
})
