import t from 'tap'
import { median } from '../../../netns-lab/median.js'
import { benchPlan } from '../../../bench/wire/topology.js'
import { controlLoad, percentile, type Round, startForLoad } from '../../../bench/wire/control-load.js'
import { NetnsLab } from '../../../netns-lab/netns-lab.js'
import { whyNoNamespaces } from '../../../netns-lab/requirements.js'
import { which } from '../../../netns-lab/tools.js'

/** UVS_CONTROL_LOAD=30 for the full measurement: three rounds of so many seconds, on a machine that does nothing else. */
const SECONDS = Number(process.env['UVS_CONTROL_LOAD'] ?? 2)
const isFull = SECONDS >= 30
const PER_SECOND = 1000
const P99_MOST = 1.5

t.test('the percentiles of wrk', async t => {
  const report =
    '  Latency Distribution\n     50%  411.00us\n     75%    1.20ms\n     90%    1.50ms\n     99%    1.02s \n'
  t.equal(percentile(report.replace('1.02s ', '1.02s'), 99), 1020)
  t.equal(percentile(report, 75), 1.2)
  t.ok(Math.abs(percentile(report, 50) - 0.411) < 1e-9)
  t.throws(() => percentile('', 99), /no 99% latency/)
})

const skip = (await whyNoNamespaces()) || (!which('wrk') && 'wrk is not installed')
await t.test(
  `${PER_SECOND} requests a second while wrk runs`,
  { skip, timeout: (SECONDS * 6 + 100) * 1000 },
  async t => {
    const lab = await NetnsLab.build({ prefix: `uvs-control-load-${process.pid}-`, plan: benchPlan('nat'), io: 'raw' })
    t.teardown(() => lab.remove())
    const director = await startForLoad(lab)
    const rounds: Round[] = []
    const options = { rounds: isFull ? 3 : 1, seconds: SECONDS, perSecond: PER_SECOND }
    for await (const round of controlLoad(lab, director.control, options)) {
      t.comment(JSON.stringify(round))
      rounds.push(round)
    }
    for (const { control } of rounds) {
      t.equal(control.failed, 0, control.why ?? 'no request failed')
      t.equal(control.asked, PER_SECOND * SECONDS)
    }
    const p99 = (kind: 'quiet' | 'loaded'): number => median(rounds.map(round => round[kind].p99Ms))
    const ratio = p99('loaded') / p99('quiet')
    const said = `wrk's p99: ${p99('quiet')} ms quiet, ${p99('loaded')} ms loaded: ${ratio.toFixed(2)} times`
    if (isFull) t.ok(ratio <= P99_MOST, said)
    else t.comment(said)
  },
)
