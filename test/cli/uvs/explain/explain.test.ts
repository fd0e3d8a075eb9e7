import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { explanationText } from '../../../../src/cli/uvs/explain/explanation-text.js'
import { adviceOn } from '../../../../src/cli/uvs/explain/advice.js'
import { explainNext } from '../../../../src/cli/uvs/explain/explain.js'
import { whyNot } from '../../../../src/cli/uvs/explain/why-not.js'
import { UsageError } from '../../../../src/director/options.js'
import type { Explanation } from '../../../../src/control/protocol/explain.js'
import { Verdict, verdictNames } from '../../../../src/packet/verdict.js'
import { BenchDirector, fromClient, VIP } from '../../../support/bench-director.js'
import { tcp4, udp4 } from '../../../support/frames.js'
import { SimulatedFlows } from '../../../support/simulated-flows.js'
import { sampleExplanation } from '../../sample-explanation.js'

t.test('an explanation as lines', async t => {
  const lines = explanationText(sampleExplanation()).split('\n')
  t.match(lines[0], /^\d\d:\d\d:\d\d\.532 eth0 {2}TCP 10\.0\.0\.7:40000 > 10\.0\.1\.100:80 S/)
  t.strictSame(lines.slice(1), [
    '  connection    TCP TIME_WAIT, ends in 100 s, 10.0.0.7:40000 > 10.0.1.100:80 → 10.0.2.11:80; looked up by client and virtual service',
    '                closed, so the packet begins a new one',
    '  service       TCP 10.0.1.100:80, wlc, persistent 300 s',
    '  template      none of this client',
    '  scheduler     wlc: the least (256 × active + inactive) ÷ weight',
    '                  10.0.2.11:80  weight 0, active 1, inactive 0: weight 0 takes no new connections',
    '                > 10.0.2.12:80  weight 2, active 1, inactive 1: 257 ÷ 2 = 128.5',
    '  route         to 10.0.2.12 by eth1, next hop 10.0.2.12, MTU 1500',
    '  sent          eth1, 74 octets',
    '                ip.dst  10.0.1.100 → 10.0.2.12',
    "  flow program  the client's packets: not yet, after 7 more of the client's (1 of 8 so far)",
    '  then          TCP SYN_RECV, ends in 60 s, 10.0.0.7:40000 > 10.0.1.100:80 → 10.0.2.12:80',
    '  verdict       balanced: went on, of a connection of a virtual service',
    '',
  ])
})

t.test('of every verdict it is said what it means', async t => {
  for (const [verdict, name] of verdictNames) if (verdict !== Verdict.PASS) t.type(adviceOn(name), 'string', name)
})

/** Explains what comes while it waits. */
async function explainedOf(bench: BenchDirector, filter: string, count: number, come: () => void) {
  const shown: Explanation[] = []
  const status = explainNext(bench.control, { filter, count, waitMs: 2000 }, explanation => shown.push(explanation))
  await new Promise(resolve => void setTimeout(resolve, 20))
  come()
  return { status: await status, shown }
}

t.test('the next packets that the filter takes, no more, and then nobody watches', async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  const { status, shown } = await explainedOf(bench, 'tcp port 80', 2, () => {
    bench.turn('c', udp4(`10.99.1.10:1 > ${VIP}:80`, fromClient))
    for (const port of [1, 2, 3]) bench.turn('c', tcp4(`10.99.1.10:${port} > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  })
  t.equal(status, 0)
  t.strictSame(
    shown.map(({ connection }) => connection?.cport),
    [1, 2],
  )
  t.strictSame(bench.ask({ op: 'watched' }), { explanations: [], isOver: true })
  bench.ask({ op: 'watch', filter: '', count: 1 })
  t.equal(bench.ask({ op: 'watch', filter: '', count: 1 }), 'EBUSY')
  bench.run(11_000)
  t.equal(bench.ask({ op: 'watch', filter: '', count: 1 }), null, 'the other was forgotten')
  t.equal(bench.ask({ op: 'watch', filter: 'port http', count: 1 }), 'EINVAL')
})

t.test('of many packets one answer has 16, and the watch is over with the last of them', async t => {
  const bench = new BenchDirector()
  bench.serve('udp', `${VIP}:53`, '10.99.2.11:53')
  bench.ask({ op: 'watch', filter: 'udp', count: 40 })
  for (let port = 1001; port <= 1050; port++) bench.turn('c', udp4(`10.99.1.10:${port} > ${VIP}:53`, fromClient))
  const answer = () => bench.ask<'watched'>({ op: 'watched' }) as { explanations: Explanation[]; isOver: boolean }
  const answers = [answer(), answer(), answer(), answer()]
  t.strictSame(
    answers.map(({ explanations, isOver }) => [explanations.length, isOver]),
    [
      [16, false],
      [16, false],
      [8, true],
      [0, true],
    ],
  )
  t.strictSame(
    answers.flatMap(({ explanations }) => explanations).map(({ connection }) => connection?.cport),
    Array.from({ length: 40 }, (_, i) => 1001 + i),
  )
  const { status, shown } = await explainedOf(bench, '', 40, () => {
    for (let port = 1001; port <= 1050; port++) bench.turn('c', udp4(`10.99.1.11:${port} > ${VIP}:53`, fromClient))
  })
  t.strictSame([status, shown.length], [0, 40])
})

t.test(
  'who watches is told no counts: the flows that a program forwards are not looked at for each answer',
  async t => {
    const bench = new BenchDirector({ offload: new SimulatedFlows() })
    let looked = 0
    bench.director.flows!.settleAll = () => void looked++
    bench.ask({ op: 'watch', filter: '', count: 1 })
    bench.ask({ op: 'watched' })
    bench.ask({ op: 'unwatch' })
    t.equal(looked, 0)
    bench.ask({ op: 'figures' })
    t.equal(looked, 1)
  },
)

t.test('what asks a running director loads little, and no package: it starts on the CPUs that serve', async t => {
  const main = fileURLToPath(new URL('../../../../src/cli/uvs/main.js', import.meta.url))
  for (const [i, args] of [['explain'], ['drops'], ['record', '--out', 'none']].entries()) {
    const dir = join(t.testdirName, String(i))
    const asks = spawnSync(process.execPath, [main, ...args, '--control', join(dir, 'none')], {
      env: { PATH: process.env['PATH'], NODE_V8_COVERAGE: dir }, // which lists the modules
      encoding: 'utf8',
    })
    t.match(asks, { status: 1, stderr: /no director answers/ })
    const [listed] = readdirSync(dir)
    const modules = (JSON.parse(readFileSync(join(dir, listed!), 'utf8')) as { result: { url: string }[] }).result
    const files = modules.map(({ url }) => url).filter(url => url.startsWith('file:'))
    t.ok(files.some(url => url.endsWith(`/${args[0]}.js`)))
    t.strictSame(
      files.filter(url => /node_modules|native-free|\/director\/path\/|\/control\/operations\//.test(url)),
      [],
    )
    // main.js is one, so that a line says why the others cannot be loaded.
    t.ok(files.length <= 31, `${files.length} modules, a ms of processor time each`)
  }
})

t.test('a filter that cannot be read is a wrong command line; a busy director is not', async t => {
  const bench = new BenchDirector()
  const ask = (filter: string) =>
    explainNext(bench.control, { filter, count: 1, waitMs: 100 }, () => {}).catch((error: unknown) => error)
  t.match(await ask('port http'), { name: 'UsageError', message: /^'http'/ })
  t.match(await ask(`tcp${' or tcp'.repeat(200)}`), {
    name: 'UsageError',
    message: 'a filter of 1403 characters: 1024 at most',
  })
  t.match(await ask('(tcp'), { name: 'UsageError', message: /is expected/ })
  bench.ask({ op: 'watch', filter: '', count: 1 })
  const busy = await ask('tcp')
  t.match(busy, { message: 'somebody watches packets already' })
  t.notOk(busy instanceof UsageError)
})

t.test('why not another real server', async t => {
  const sample = sampleExplanation()
  const { steps } = sample
  const begun = { ...sample, steps: steps.slice(2) }
  t.equal(whyNot(sample, '10.0.2.12'), 'its connection is with 10.0.2.11:80, chosen when it was opened')
  t.equal(whyNot(begun, '10.0.2.11'), 'its weight is 0, which takes no new connections')
  t.equal(whyNot(begun, '10.0.2.12:80'), 'it did: the scheduler chose it')
  t.equal(whyNot(begun, '10.0.2.13'), 'it is no real server of that service')
  t.equal(
    whyNot({ ...sample, steps: [{ step: 'service', mark: 0 }] }, '10.0.2.13'),
    'no virtual service takes the packet',
  )
  t.equal(
    whyNot({ ...sample, steps: [], verdict: 'drop-ip-checksum' }, '10.0.2.13'),
    'no real server was chosen at all: drop-ip-checksum',
  )
  const bench = new BenchDirector()
  bench.serveBy('wlc', 'tcp', `${VIP}:80`, '10.99.2.11:80 3', '10.99.2.12:80 1')
  bench.turn('c', tcp4(`10.99.1.10:1 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  const { shown } = await explainedOf(bench, '', 1, () => {
    bench.turn('c', tcp4(`10.99.1.10:2 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  })
  t.match(
    whyNot(shown[0]!, '10.99.2.12'),
    /^wlc chose 10\.99\.2\.11:80, the least .*: it 256 ÷ 1 = 256, 10\.99\.2\.11:80 0 ÷ 3 = 0$/,
  )
})
