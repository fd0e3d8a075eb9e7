import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { LAB_MODES, rules, type LabMode } from '../../native-free/lab-plan.js'
import { DirectorProcess } from '../../netns-lab/director-process.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { patternHash } from '../../netns-lab/pattern.js'
import { alike, PLANS } from '../../netns-lab/plans.js'
import { must, run } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { uvsadm } from '../../src/cli/uvsadm/run.js'
import { connectControl } from '../../src/control/socket/client.js'
import { createMap, MapType } from '../../src/ebpf/bpf.js'
import { pin } from '../../src/ebpf/pins.js'
import { startWithRules } from './end-to-end.js'
import { heldBy, leftOf } from './held-by.js'
import type { Report } from './lasting-client.js'
import { unhooked } from './unhooked.js'

/* Connections live through kill -9 of the director and a new start some seconds later, where it keeps its flows. */

/** UVS_KEEP_OCTETS=1000000000, UVS_KEEP_CONNECTIONS=500 and UVS_KEEP_DEAD_MS=5000 for the issue's. */
const OCTETS = Number(process.env['UVS_KEEP_OCTETS'] ?? 60_000_000)
const CONNECTIONS = Number(process.env['UVS_KEEP_CONNECTIONS'] ?? 20)
const DEAD_MS = Number(process.env['UVS_KEEP_DEAD_MS'] ?? 2000)
/** The download goes on for longer than the director is dead. */
const A_SECOND = Math.ceil(OCTETS / 10)
const PATIENCE_MS = 60_000
const CLIENT = join(dirname(fileURLToPath(import.meta.url)), 'lasting-client.js')
const skip = (await whyNoNamespaces()) ?? (await whyNoBpffs())

async function whyNoBpffs(): Promise<string | false> {
  const place = `/run/uvs-lab/bpf-${process.pid}`
  mkdirSync(place, { recursive: true })
  const { status } = await run('mount', ['-t', 'bpf', 'bpf', place])
  if (status === 0) await run('umount', [place])
  await run('rmdir', [place])
  return status === 0 ? false : 'no bpffs may be mounted here'
}

/** A lab with a bpffs beside its control socket, and a client whose connections last. */
class Lasting {
  readonly #place: string
  constructor(readonly lab: NetnsLab) {
    this.#place = join(lab.spaces.ledger.dir, 'bpf')
  }
  static async build(mode: LabMode): Promise<Lasting> {
    const prefix = `uvs-keep-${mode}-${process.pid}-`
    const lasting = new Lasting(
      await NetnsLab.build({ prefix, plan: alike(PLANS[mode]), io: 'raw', web: { node: true } }),
    )
    mkdirSync(lasting.#place, { mode: 0o700 })
    await must('mount', ['-t', 'bpf', '-o', 'mode=0700', 'bpf', lasting.#place])
    return lasting
  }
  async remove(): Promise<void> {
    await run('umount', ['-l', this.#place])
    await this.lab.remove()
  }
  start(...options: string[]): Promise<DirectorProcess> {
    return startWithRules(this.lab, rules(this.lab.options.plan), ...options)
  }
  get said(): string {
    return this.lab.spaces.logged('director')
  }
  /** What is in the bpffs. */
  get pins(): string[] {
    return readdirSync(this.#place, { recursive: true, encoding: 'utf8' }).filter(name => name.startsWith('uvs'))
  }
  /** Of the only run that has left something. */
  get runFolder(): string {
    const [found] = this.pins.filter(path => path.endsWith('/globals') || path.endsWith('/slots'))
    return join(this.#place, dirname(found!))
  }
  connect(): void {
    const { vip, port } = this.lab.options.plan
    const args = [CLIENT, vip, port, CONNECTIONS, OCTETS, A_SECOND].map(String)
    this.lab.spaces.start('client', 'lasting', 'env', unhooked(args))
  }
  get report(): Report {
    const lines = this.lab.spaces.logged('lasting').split('\n')
    return JSON.parse(lines.at(-2) ?? '{"fewest":0,"lost":[],"octets":0,"sum":null}') as Report
  }
  async offload(director: DirectorProcess): Promise<{ flows: number; packets: number }> {
    const control = connectControl(director.control)
    const reply = await control.call({ op: 'offload' })
    control.close()
    return reply.ok ? (reply.value as { counts: { flows: number; packets: number } }).counts : { flows: 0, packets: 0 }
  }
  /** ActiveConn of the plan's real servers, and InPkts and OutPkts of its service. */
  async listed(director: DirectorProcess): Promise<{ active: number; packets: number }> {
    const control = connectControl(director.control)
    const { out } = await uvsadm(['-L', '-n'], control)
    const { out: stats } = await uvsadm(['-L', '-n', '--stats', '--exact'], control)
    control.close()
    const active = [...out.matchAll(/->\s+\S+\s+\S+\s+\d+\s+(\d+)\s+\d+/g)].reduce((sum, [, n]) => sum + Number(n), 0)
    const [, packets] = /TCP\s+\S+\s+\d+\s+(\d+)/.exec(stats) ?? []
    return { active, packets: Number(packets) }
  }
}

async function comes(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !(await isSo()); await sleep(50))
    if (performance.now() > end) throw new Error(`it did not come about: ${what}`)
}

/** All connections are open and forwarded by the program, and the download is under way. */
async function underWay(t: Test, lasting: Lasting, director: DirectorProcess, mode: LabMode): Promise<void> {
  lasting.connect()
  const flows = (CONNECTIONS + 1) * (mode === 'dr' || mode === 'tun' ? 1 : 2)
  await comes('each connection was answered', () => lasting.report.fewest > 0 && lasting.report.octets > 0)
  await comes('all flows are entered', async () => (await lasting.offload(director)).flows >= flows)
  t.strictSame(lasting.report.lost, [])
}

for (const mode of LAB_MODES)
  await t.test(`${mode}: kill -9, and a new start`, { skip, timeout: 240_000 }, async t => {
    const lasting = await Lasting.build(mode)
    t.teardown(() => lasting.remove())
    let director = await lasting.start('--keep-flows')
    await underWay(t, lasting, director, mode)
    const held = heldBy(director.id.pid)
    process.kill(director.id.pid, 'SIGKILL')
    await director.ended()
    const atDeath = lasting.report
    await sleep(DEAD_MS)
    t.ok(
      lasting.report.octets > atDeath.octets,
      `${lasting.report.octets - atDeath.octets} octets while no director ran`,
    )
    t.ok(lasting.report.fewest > atDeath.fewest, 'and every connection was answered')

    director = await lasting.start('--keep-flows')
    await comes('taken over', () => / are taken over/.test(lasting.said))
    t.match(lasting.said, `connections of an earlier director: ${CONNECTIONS + 1} are taken over\n`)
    const before = lasting.report.fewest
    await comes('the download is whole', () => lasting.report.sum !== null || lasting.report.lost.length > 0)
    await comes('two more requests each', () => lasting.report.fewest > before + 1 || lasting.report.lost.length > 0)
    t.strictSame(lasting.report.lost, [])
    t.equal(lasting.report.sum, patternHash(OCTETS))
    const { active, packets } = await lasting.listed(director)
    t.ok(active >= CONNECTIONS, `${active} active connections`)
    t.ok(packets > CONNECTIONS * before, `${packets} packets of clients`)
    t.ok((await lasting.offload(director)).flows > 0)

    const later = heldBy(director.id.pid)
    process.kill(director.id.pid, 'SIGTERM')
    t.equal(await director.ended(), 0)
    for (const each of [held, later]) t.strictSame(await leftOf(each, PATIENCE_MS), [], 'nothing is left')
    t.strictSame(lasting.pins, [], 'nor a name')
  })

await t.test('what a director that was killed has left', { skip, timeout: 240_000 }, async t => {
  const lasting = await Lasting.build('nat')
  t.teardown(() => lasting.remove())
  let director = await lasting.start('--keep-flows')
  await underWay(t, lasting, director, 'nat')

  await t.test('outlives a second one that is killed before it had rules', async t => {
    for (const isLast of [false, true]) {
      process.kill(director.id.pid, 'SIGKILL')
      await director.ended()
      director = isLast ? await lasting.start('--keep-flows') : await lasting.lab.startDirector('--keep-flows')
    }
    await comes('taken over', () => / are taken over/.test(lasting.said))
    t.match(lasting.said, `connections of an earlier director: ${CONNECTIONS + 1} are taken over\n`)
    const before = lasting.report.fewest
    await comes('two more requests each', () => lasting.report.fewest > before + 1 || lasting.report.lost.length > 0)
    t.strictSame(lasting.report.lost, [])
  })

  await t.test('is removed by one that does not keep flows', async t => {
    const held = heldBy(director.id.pid)
    process.kill(director.id.pid, 'SIGKILL')
    await director.ended()
    t.ok(lasting.pins.length > 5, lasting.pins.join(' '))
    director = await lasting.start()
    t.match(lasting.said, 'flows that an earlier director had kept are removed: --keep-flows takes them over')
    t.strictSame(await leftOf(held, PATIENCE_MS), [])
    t.strictSame(lasting.pins, [])
    process.kill(director.id.pid, 'SIGKILL')
    await director.ended()
    t.strictSame(lasting.pins, [], 'and without --keep-flows nothing is left')
  })

  await t.test('of another version is removed, and so is what is not whole', async t => {
    for (const spoil of ['globals', 'records'] as const) {
      director = await lasting.start('--keep-flows')
      process.kill(director.id.pid, 'SIGKILL')
      await director.ended()
      const run = lasting.runFolder
      rmSync(join(run, spoil))
      if (spoil === 'globals') pin(createMap(MapType.ARRAY, 4, 8, 1, 0), join(run, spoil))
      const before = lasting.said.length
      director = await lasting.start('--keep-flows')
      const why = spoil === 'globals' ? 'it is of another version of uvs' : 'it does not exist'
      t.match(lasting.said.slice(before), new RegExp(`an earlier director had kept in .* is removed: .*${why}`))
      process.kill(director.id.pid, 'SIGTERM')
      t.equal(await director.ended(), 0)
      t.strictSame(lasting.pins, [])
    }
  })

  await t.test('is not believed where others may write', async t => {
    director = await lasting.start('--keep-flows')
    process.kill(director.id.pid, 'SIGKILL')
    await director.ended()
    chmodSync(dirname(lasting.runFolder), 0o777)
    const before = lasting.said.length
    director = await lasting.start('--keep-flows')
    t.match(lasting.said.slice(before), /no flow is kept: .* can be written by others \(mode 0777\)/)
    process.kill(director.id.pid, 'SIGTERM')
    t.equal(await director.ended(), 0)
    t.ok(lasting.pins.length > 5, 'and not touched')
  })
})

await t.test('a second director, with a control socket of its own, leaves the first one’s alone', { skip }, async t => {
  const lasting = await Lasting.build('nat')
  t.teardown(() => lasting.remove())
  const { spaces, options } = lasting.lab
  await spaces.ip('director', 'link', 'add', 'other', 'type', 'veth', 'peer', 'name', 'peer')
  for (const end of ['other', 'peer']) await spaces.ip('director', 'link', 'set', end, 'up')
  const director = await lasting.start('--keep-flows')
  const mine = lasting.pins
  t.ok(options.plan.mode === 'nat' && mine.length > 5)
  const second = async (...more: string[]): Promise<void> => {
    const control = join(spaces.ledger.dir, 'second.sock')
    const args = ['director', '--raw', 'other', '--address', '10.9.9.1/24@other', '--control', control, ...more]
    const other = await DirectorProcess.startWith(spaces, args, { space: 'director', control })
    process.kill(other.id.pid, 'SIGTERM')
    t.equal(await other.ended(), 0)
  }
  await second('--keep-flows')
  await second()
  t.strictSame(lasting.pins, mine)
  process.kill(director.id.pid, 'SIGTERM')
  t.equal(await director.ended(), 0)
  t.strictSame(lasting.pins, [])
})
