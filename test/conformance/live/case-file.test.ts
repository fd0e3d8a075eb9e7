import t from 'tap'
import { parseCase, type RecordedCase } from '../case.js'
import { caseText } from './case-file.js'
import { differences } from './differences.js'
import { generate } from './generate.js'
import { playOnUvs } from './play-uvs.js'
import { findingLines } from './report-finding.js'
import { Rig } from '../rig.js'

/** What uvs did, as if the kernel had. */
async function recorded(seed: number, index: number): Promise<RecordedCase> {
  const scenario = generate(seed, index)
  const steps = await playOnUvs(scenario)
  const rig = new Rig()
  await rig.run(scenario.setup.join('\n'))
  for (const step of steps) {
    if (step.kind === 'send') rig.send(step.send.side, step.send.frame)
    if (step.kind === 'do') await rig.run(step.script)
    rig.advance((step.kind === 'pause' ? step.seconds : step.quiet!) * 1000)
  }
  const state = (await rig.run('ipvsadm -Lcn; ipvsadm -Ln --sort')).out
  const { name, setup } = scenario
  return { name, setup: setup.join('\n'), setupResult: undefined, steps, state, trace: false, chosen: undefined }
}

t.test('a file says all that there is to compare, and uvs does the same twice', async t => {
  for (let index = 0; index < 20; index++) {
    const played = await recorded(5, index)
    t.strictSame(parseCase(caseText(played)), played, played.name)
    t.strictSame(await differences(played), [], played.name)
  }
})

t.test('a timer that runs out an eighth late is no difference, one that never does is', async t => {
  const setup =
    'ipvsadm --set 1 1 1\nipvsadm -A -u 10.99.1.100:53 -s rr\nipvsadm -a -u 10.99.1.100:53 -r 10.99.2.11:53 -m'
  const base = await recorded(5, 0)
  const after = async (seconds: number, left: string) => {
    const scenario = { name: 'timer', setup: setup.split('\n'), steps: generate(5, 0).steps.slice(0, 0) }
    const udp = { protocol: 'udp' as const, client: '10.99.1.10', clientPort: 40_000, vip: '10.99.1.100', vipPort: 53 }
    const flow = { ...udp, server: '10.99.2.11', serverPort: 53 }
    const shape = { payloadLen: 0, ttl: 64, df: true, checksum: 'right' as const }
    const steps = await playOnUvs({
      ...scenario,
      steps: [
        { kind: 'packet', flow, from: 'c', shape },
        { kind: 'pause', seconds },
      ],
    })
    const rows = left && `UDP 00:00  UDP         10.99.1.10:40000   10.99.1.100:53     10.99.2.11:53\n`
    const counted = left ? 1 : 0
    const state =
      `IPVS connection entries\npro expire state       source             virtual            destination\n${rows}` +
      'IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n' +
      '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\nUDP  10.99.1.100:53 rr\n' +
      `  -> 10.99.2.11:53                Masq    1      0          ${counted}         \n`
    return differences({ ...base, setup, steps, state })
  }
  t.strictSame(await after(1.6, ''), [])
  t.strictSame(await after(1.05, 'late'), [])
  t.match(await after(3, 'never'), [/state at the end/])
})

t.test('a finding is a script, what differs, and how to play it', async t => {
  const played = await recorded(5, 1)
  const lines = findingLines({ ...played, setup: 'ipvsadm -A -t 10.99.1.100:80' }, ['step 0: x'], '/tmp/file.json')
  t.equal(lines[0], 'FAIL  live-5-1')
  t.equal(lines[1], '      | ipvsadm -A -t 10.99.1.100:80')
  t.match(lines[2], /^ {6}\| 0: /)
  t.equal(lines.length, 2 + played.steps.length + 3)
  t.strictSame(lines.slice(-2), ['      step 0: x', '      to play it: npm run conformance -- /tmp/file.json'])
})
