import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Linter } from '../../../src/cli/uvs/director/rules-work/linter.js'
import { SeenMarks } from '../../../src/cli/uvs/director/rules-work/seen-marks.js'
import { ThreadedDesk } from '../../../src/cli/uvs/director/rules-work/threaded-desk.js'
import type { Linted, LintedService, Moved, Planned } from '../../../src/control/dashboard/rules-work.js'
import type { Control, ServiceInfo } from '../../../src/control/protocol/api.js'
import { BenchDirector, fromClient, fromServer, VIP } from '../../support/bench-director.js'
import { tcp4 } from '../../support/frames.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'
import { tempDir } from '../../support/temp.js'
import { ask, dashboardOn, DESK, listen, post, serveDashboard } from './serve.js'

type Test = Parameters<typeof tempDir>[0]

const SERVERS = Array.from({ length: 10 }, (_, at) => `10.99.2.${11 + at}:80`)

async function serve(t: Test, scheduler: string): Promise<{ bench: BenchDirector; port: number }> {
  const bench = new BenchDirector()
  bench.serveBy(scheduler, 'tcp', `${VIP}:80`, ...SERVERS)
  return { bench, port: await serveDashboard(t, { control: bench.control, tokens: tokenFile(t) }) }
}
const TOKEN = 'a-token-of-22-octets!!'
const BEARER = { authorization: `Bearer ${TOKEN}` }
function tokenFile(t: Test): string {
  const path = join(tempDir(t), 'tokens')
  writeFileSync(path, `alice ${TOKEN}\n`, { mode: 0o600 })
  return path
}
async function moved(port: number, lines: string[]): Promise<Moved> {
  const { json } = await post(port, '/api/plan', { lines, flows: 4000 }, BEARER)
  const { moved } = json as Planned
  if (!moved) throw new Error('no flows')
  return moved
}

t.test('flows that a plan moves: what is open, and the same clients afterwards', async t => {
  const { bench, port } = await serve(t, 'mh')
  const gone = await moved(port, [`-d -t ${VIP}:80 -r 10.99.2.15:80`])
  t.match([gone.flows, gone.services, gone.openNow, gone.rows[0]!.isMadeUp], [4000, 1, 0, true])
  const { stay, move, break: broken } = gone.open
  t.equal(stay + move + broken, 4000)
  t.equal(move, 0, 'a connection goes nowhere else')
  t.ok(broken > 250 && broken < 600, `a tenth breaks, with the real server that is gone: ${broken}`)
  t.ok(gone.again.elsewhere >= broken && gone.again.elsewhere < 900, `mh moves few others: ${gone.again.elsewhere}`)
  t.equal(gone.again.same + gone.again.elsewhere, 4000)
  const [row] = gone.rows
  t.match(row, { service: `TCP ${VIP}:80`, before: 'mh', after: 'mh', persistence: 0, flows: 4000 })
  t.match(
    row!.servers.map(({ server }) => server),
    SERVERS,
  )
  t.match(row!.servers[4], { server: '10.99.2.15:80', before: broken, after: 0 })
  for (const side of ['before', 'after'] as const)
    t.equal(
      row!.servers.reduce((sum, server) => sum + server[side], 0),
      4000,
      side,
    )
  t.match(bench.services(), [{ destinations: { length: 10 } }], 'nothing has changed')
})

t.test('sh moves most clients, wlc nobody whose connection is open', async t => {
  const sh = await moved((await serve(t, 'sh')).port, [`-d -t ${VIP}:80 -r 10.99.2.15:80`])
  t.ok(sh.again.elsewhere > 3000, `${sh.again.elsewhere}`)
  const wlc = await moved((await serve(t, 'wlc')).port, [`-a -t ${VIP}:80 -r 10.99.2.31:80 -m`])
  t.match(wlc.open, { stay: 4000, move: 0, break: 0 })
})

/** Opens connections by whole handshakes from so many ports of some clients, and closes none. */
function openConnections(bench: BenchDirector, count: number, vport = 80): void {
  for (let at = 0; at < count; at++) {
    const client = `10.99.1.${10 + (at % 20)}:${2000 + at}`
    const frame = (flags: string) => tcp4(`${client} > ${VIP}:${vport}`, { ...fromClient, flags })
    bench.receive('c', frame('S'))
    const server = bench.take()[0]!.frame[33]!
    const answer = tcp4(`10.99.2.${server}:${vport} > ${client}`, { ...fromServer(server), flags: 'SA' })
    bench.receive('r', answer)
    bench.receive('c', frame('A'))
    bench.take()
  }
}

t.test('a plan tells what becomes of the connections of now, where they are', async t => {
  const bench = new BenchDirector()
  const servers = [11, 12, 13].map(server => `10.99.2.${server}:80`)
  bench.serveBy('rr', 'tcp', `${VIP}:80`, ...servers)
  bench.serveBy('mh', 'tcp', `${VIP}:81`, '10.99.2.11:81')
  bench.serveBy('rr', 'udp', `${VIP}:53`, '10.99.2.11:53')
  openConnections(bench, 90)
  // Of the third all new ones are elsewhere now, and what it has stays.
  bench.must({
    op: 'edit-destination',
    service: { protocol: 'tcp', address: VIP, port: 80 },
    destination: { address: '10.99.2.13', port: 80 },
    settings: destinationSettings(0),
  })
  openConnections(bench, 1, 81)
  bench.turn('c', tcp4(`10.99.1.10:1999 > ${VIP}:80`, { ...fromClient, flags: 'S' })) // no open connection
  const port = await serveDashboard(t, { control: bench.control, tokens: tokenFile(t) })
  const gone = await moved(port, [`-d -t ${VIP}:80 -r 10.99.2.13:80`])
  t.match(gone, { flows: 90, openNow: 90, services: 1, open: { stay: 60, move: 0, break: 30 }, more: 0 })
  t.match(gone.rows, [
    { isMadeUp: false, flows: 90, servers: [{ before: 30 }, { before: 30 }, { before: 30, after: 0 }] },
  ])
  const both = await moved(port, [`-e -t ${VIP}:81 -r 10.99.2.11:81 -m -w 0`, `-D -u ${VIP}:53`])
  t.match(both, { flows: 1, openNow: 1, services: 1, open: { stay: 1, move: 0, break: 0 }, again: { elsewhere: 1 } })
  t.match(both.rows, [
    { service: `TCP ${VIP}:81`, isMadeUp: false, flows: 1 },
    { service: `UDP ${VIP}:53`, isMadeUp: true, flows: 4000, open: { break: 4000 } },
  ])
  const { json } = await post(port, '/api/plan', { lines: [`-D -t ${VIP}:80`], flows: 50 }, BEARER)
  t.match((json as Planned).moved, { flows: 50, openNow: 91, open: { break: 50 } }, 'no more than asked')
})

t.test('persistent clients keep the real server that their connection is at', async t => {
  const bench = new BenchDirector()
  const service = { protocol: 'tcp', address: VIP, port: 80 } as const
  bench.must({ op: 'add-service', service, settings: serviceSettings('rr', { persistence: 300 }) })
  for (const server of [11, 12, 13]) {
    const destination = { address: `10.99.2.${server}`, port: 80 }
    bench.must({ op: 'add-destination', service, destination, settings: destinationSettings(1) })
  }
  openConnections(bench, 40)
  const port = await serveDashboard(t, { control: bench.control, tokens: tokenFile(t) })
  const more = await moved(port, [`-a -t ${VIP}:80 -r 10.99.2.14:80 -m`])
  t.match(more, { flows: 40, openNow: 40, open: { stay: 40 }, again: { same: 40, elsewhere: 0 } })
})

t.test('only flows to what changes are made, and none where none are asked for', async t => {
  const { bench, port } = await serve(t, 'mh')
  bench.serveBy('rr', 'udp', `${VIP}:53`, '10.99.2.11:53')
  const found = await moved(port, [`-A -t 10.99.1.101:80 -s rr`, `-e -u ${VIP}:53 -r 10.99.2.11:53 -m -w 9`])
  t.match(found.rows, [{ service: `UDP ${VIP}:53`, flows: 4000, again: { same: 4000, elsewhere: 0 } }])
  t.equal(found.rows.length, 1)
  const { json } = await post(port, '/api/plan', { lines: [`-D -u ${VIP}:53`] }, BEARER)
  t.notOk('moved' in (json as object))
  for (const flows of [-1, 1.5, '9', 10_001])
    t.match(await post(port, '/api/plan', { lines: [], flows }, BEARER), {
      status: 400,
      json: { message: 'flows: not an integer from 0 to 10000' },
    })
})

t.test('lint, of one service and of all', async t => {
  const { bench, port } = await serve(t, 'wrr')
  bench.serveBy('rr', 'udp', `${VIP}:53`)
  const all = (await ask(port, '/api/lint')).json as Linted
  t.match(all, {
    hazards: 1,
    infos: 0,
    services: [{ service: { protocol: 'udp', address: VIP, port: 53 }, hazards: 1 }],
  })
  const one = (await ask(port, `/api/lint?service=udp/${VIP}:53`)).json as LintedService
  t.match(one.findings, [{ hazard: 'no-server', severity: 'hazard', message: /has no real server/ }])
  t.match((await ask(port, `/api/lint?service=tcp/${VIP}:80`)).json, { findings: { length: 0 } })
  t.match((await ask(port, `/api/lint?service=tcp/${VIP}:81`)).json, { findings: { length: 0 } }, 'there is none')
  t.match(await ask(port, '/api/lint?service=nothing'), {
    status: 400,
    json: { message: /^service: 'nothing' is not/ },
  })
})

t.test('lint names some of very many, says how many there are, and lets others have their turn', async t => {
  const bench = new BenchDirector()
  for (let port = 1; port <= 2100; port++) bench.serveBy('rr', 'udp', `${VIP}:${port}`)
  const servers = Array.from({ length: 120 }, (_, at) => `127.0.0.${at + 1}:80`)
  bench.serveBy('rr', 'tcp', `${VIP}:80`, ...servers)
  const linter = new Linter({
    control: bench.control,
    read: async () => bench.services() as ServiceInfo[],
    marks: () => [],
    networks: [],
    isFleet: false,
    areAnnounced: false,
  })
  let turns = 0
  let isDone = false
  const turn = (): void => {
    turns++
    if (!isDone) setImmediate(turn)
  }
  const all = linter.all()
  await Promise.resolve()
  setImmediate(turn)
  t.match(await all, { services: { length: 500 }, withHazards: 2101 })
  isDone = true
  t.ok(turns > 2, `${turns} turns`)
  t.match(await linter.of({ protocol: 'tcp', address: VIP, port: 80 }), { findings: { length: 100 }, more: 20 })
})

t.test('lint of a director that announces its VIPs: a mark has none', async t => {
  const { bench, control } = benchOfMark()
  const lintOf = (areAnnounced: boolean): Promise<LintedService> => {
    const desk = new ThreadedDesk({ ...DESK, areAnnounced }, control, () => [
      { protocol: 'tcp', to: VIP, ports: [], mark: 5 },
    ])
    t.teardown(() => desk.close())
    return desk.lint({ mark: 5 })
  }
  t.match(bench.services(), [{ mark: 5 }])
  t.strictSame((await lintOf(false)).findings, [])
  t.match((await lintOf(true)).findings, [{ hazard: 'announce-mark', severity: 'hazard', message: /for mark 5/ }])
})

function benchOfMark(): { bench: BenchDirector; control: Control } {
  const bench = new BenchDirector()
  bench.must({ op: 'add-service', service: { mark: 5 }, settings: serviceSettings('rr') })
  const destination = { address: '10.99.2.11', port: 0 }
  bench.must({ op: 'add-destination', service: { mark: 5 }, destination, settings: destinationSettings(1) })
  return { bench, control: bench.control }
}

t.test('a desk that cannot begin says why, each time', async t => {
  const { control } = new BenchDirector()
  const desk = new ThreadedDesk({ ...DESK, schedulers: ['file:///nowhere/own.mjs'] }, control, () => [])
  t.teardown(() => desk.close())
  for (let i = 0; i < 2; i++) await t.rejects(desk.lint(), { status: 503, message: /own\.mjs cannot be loaded/ })
})

t.test('what waits for a desk that is closed is told, and the next has another', async t => {
  const { control } = new BenchDirector()
  const desk = new ThreadedDesk(DESK, control, () => [])
  t.teardown(() => desk.close())
  const waiting = desk.lint()
  desk.close()
  await t.rejects(waiting, { status: 503, message: 'the director ends' })
  t.match(await desk.lint(), { hazards: 0 })
})

t.test('a plan that takes too much memory is refused, the director goes on, and the next plan is made', async t => {
  const bench = new BenchDirector()
  const desk = new ThreadedDesk(DESK, bench.control, () => [], { maxOldGenerationSizeMb: 32 })
  // The thread keeps no process up: the dashboard's socket does that.
  const up = setInterval(() => {}, 1000)
  t.teardown(() => {
    desk.close()
    clearInterval(up)
  })
  const rules = Array.from({ length: 20_000 }, (_, at) => `-A -t 10.${at >> 8}.${at & 255}.1:80 -s rr`).join('\n')
  const wanted = { isWhole: true, flows: 0, isKept: true }
  await t.rejects(desk.plan({ ...wanted, text: rules }), {
    status: 503,
    message: 'working on these rules takes more than 32 MB of memory: try fewer at a time',
  })
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  const next = JSON.parse(await desk.plan({ ...wanted, text: `-A -t ${VIP}:80 -s rr` })) as Planned
  t.strictSame(next.commands, [`uvsadm -d -t ${VIP}:80 -r 10.99.2.11:80`])
})

t.test('marks as they were given and changed', async t => {
  const rule = { protocol: 'tcp', to: '10.0.0.100', ports: [], mark: 7 } as const
  const seen = new SeenMarks([{ ...rule, ports: [] }])
  const other = { ...rule, ports: [], mark: 8 }
  seen.saw({ op: 'add-mark', rule: other }, { ok: false, refusal: 'EINVAL', message: '' })
  t.match(seen.all, { length: 1 })
  seen.saw({ op: 'add-mark', rule: other }, { ok: true, value: null })
  t.match(seen.all, [{ mark: 7 }, { mark: 8 }])
  seen.saw({ op: 'clear-marks' }, { ok: true, value: null })
  t.strictSame(seen.all, [])
})

t.test('a plan warns of who sets the rules back', async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  const group = { group: 'web', state: 'up' }
  const known = { protocol: 'tcp', address: VIP, port: 80, state: 'up' }
  const warnings = async (
    holder: 'etcd' | 'keepalived.conf',
    text: string,
    ...services: object[]
  ): Promise<string[]> => {
    const control: Control = {
      call: async request => (request.op === 'health' ? health(services) : bench.control.call(request)) as never,
    }
    const desk = new ThreadedDesk({ ...DESK, holder }, control, () => [])
    t.teardown(() => desk.close())
    const plan = JSON.parse(await desk.plan({ text, isWhole: false, flows: 0, isKept: false })) as Planned
    return plan.warnings
  }
  const [edit, add] = [`-e -t ${VIP}:80 -r 10.99.2.11:80 -m -w 7`, `-A -u ${VIP}:53 -s rr`]
  t.match(await warnings('etcd', add), [/^etcd holds the rules .* uvs fleet apply$/])
  t.strictSame(await warnings('etcd', '# nothing'), [])
  t.match(await warnings('keepalived.conf', `${edit}\n${add}`, known), [
    /^keepalived\.conf has 10\.99\.1\.100:80: its checks/,
  ])
  t.strictSame(await warnings('keepalived.conf', add, known), [], 'not its service')
  t.match(await warnings('keepalived.conf', `${edit}\n${add}`, group), [/ and 1 more of these services: /])
})

function health(services: object[]): object {
  return { ok: true, value: { services, next: null } }
}

t.test('an answer that takes long is waited for', async t => {
  const { control } = new BenchDirector()
  const linted = { at: 1, hazards: 0, infos: 0, services: [], withHazards: 0 }
  const site = dashboardOn(t, { control })
  const lint = (): Promise<object> => new Promise(resolve => setTimeout(() => resolve(linted), 400))
  t.intercept(ThreadedDesk.prototype, 'lint', { value: lint })
  const port = await listen(t, site, control, { silentMs: 100 })
  t.strictSame((await ask(port, '/api/lint')).json, linted)
})
