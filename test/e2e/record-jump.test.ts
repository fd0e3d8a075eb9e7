import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { rules } from '../../native-free/lab-plan.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { PLANS } from '../../netns-lab/plans.js'
import { until } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { which } from '../../netns-lab/tools.js'
import { probeIn, startWithRules } from './end-to-end.js'

/* A director with real traffic writes its recording by itself when a reason for drops becomes frequent. */

const RATE = 20
const EMPTY_PORT = 54
const plan = PLANS.nat
const missing = ['tshark', 'bash'].find(tool => !which(tool))
const skip = (await whyNoNamespaces()) ?? (missing ? `${missing} is not installed` : false)
/** Datagrams to a service without real servers, until the lab is removed or 60 s have passed. */
const BURST = `while ((SECONDS < 60)); do for i in {1..20}; do echo drop > /dev/udp/${plan.vip}/${EMPTY_PORT}; done; sleep 0.02; done`

await t.test('a burst of drops at a director with --record', { skip, timeout: 230_000 }, async t => {
  const dir = t.testdir()
  const file = join(dir, 'jump.pcapng')
  const lab = await NetnsLab.build({ prefix: `uvs-e2e-jump-${process.pid}-`, plan, io: 'raw', web: { node: true } })
  t.teardown(() => lab.remove())
  const lines = [...rules(plan), ['-A', '-u', `${plan.vip}:${EMPTY_PORT}`, '-s', 'rr']]
  await startWithRules(lab, lines, '--record', file, '--record-rate', String(RATE), '--record-sample', '1')
  const log = (): string => lab.spaces.logged('director')
  const probe = probeIn(lab)
  t.match(await probe(['get', lab.url]), [/^200 rs/])
  lab.spaces.start('client', 'burst', 'bash', ['-c', BURST])
  await until(() => /recorded to /.test(log()), 60_000)
  t.match(
    log(),
    /drop-no-destination is \d+ a second: recorded to \S+\/jump\.pcapng: \d+ frames, \d+ dropped or refused, \d+ of sampled connections/,
  )
  const [, perSecond] = /is (\d+) a second/.exec(log()) ?? []
  t.ok(Number(perSecond) >= RATE, `${perSecond} a second`)
  const fields = ['-T', 'fields', '-E', 'separator=|', '-e', 'udp.dstport', '-e', 'tcp.dstport', '-e', 'frame.comment']
  const frames = execFileSync('tshark', ['-r', file, ...fields], { encoding: 'utf8' })
    .trimEnd()
    .split('\n')
  const dropped = frames.filter(frame => frame.startsWith(`${EMPTY_PORT}|`))
  t.ok(dropped.length > 20, `${dropped.length} of the burst's`)
  for (const frame of dropped)
    if (!/\|\|drop-no-destination, for UDP \S+:54: the service has no real server/.test(frame)) t.fail(frame)
  t.ok(
    frames.some(frame => /^\|80\|balanced, for TCP \S+:80, of a sampled connection to /.test(frame)),
    'and the connection before it',
  )
  t.match(await probe(['get', lab.url]), [/^200 rs/], 'packets go on')
})
