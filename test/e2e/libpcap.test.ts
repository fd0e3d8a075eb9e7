import { createRequire } from 'node:module'
import t from 'tap'
import { natPlan, rules } from '../../native-free/lab-plan.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { patternHash } from '../../netns-lab/pattern.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { npmPcap } from '../../src/io/npm-pcap.js'
import { sooner } from './lan.js'
import { probeIn, startWithRules, UDP_PORT, udpRules } from './end-to-end.js'

const OCTETS = 5_000_000
const { vip } = natPlan

/** Loading it here would keep the data plane's thread from it: a part that is compiled so is of one thread. It is only looked for. */
const whyNoPcap = (): string | undefined => {
  try {
    npmPcap(createRequire(import.meta.url).resolve)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

const skip = (await whyNoNamespaces()) ?? whyNoPcap() ?? false
t.test('NAT by libpcap', { skip, timeout: 120_000 }, async t => {
  const options = { prefix: `uvs-e2e-libpcap-${process.pid}-`, plan: natPlan, io: 'libpcap' } as const
  const lab = await NetnsLab.build({ ...options, web: { node: true, udpPort: UDP_PORT } })
  t.teardown(() => lab.remove())
  const director = await startWithRules(lab, [...rules(natPlan), ...udpRules(natPlan)])
  const probe = probeIn(lab)

  await t.test('fetches go to the real servers by weight', async t => {
    const bodies = await probe(...Array.from({ length: 8 }, () => ['get', lab.url]))
    t.strictSame(bodies.sort(), [...Array<string>(6).fill('200 rs1\n'), ...Array<string>(2).fill('200 rs2\n')])
  })
  await t.test('5 MB come down and go up unchanged, in segments that are cut here', async t => {
    const [down, up] = await probe(['hash', `${lab.url}octets/${OCTETS}`], ['send', `${lab.url}sha256`, OCTETS])
    t.equal(down, patternHash(OCTETS))
    t.equal(up, patternHash(OCTETS))
  })
  await t.test('UDP and ping are answered', async t => {
    const answers = await probe(...[5000, 5001].map(from => ['udp', vip, UDP_PORT, 'hello', from]))
    t.strictSame(answers.sort(), ['rs1 hello', 'rs2 hello'])
    t.strictSame(await probe(['ping', vip, 'hello']), [true])
  })
  await t.test('no frame had a wrong checksum, each connection is counted, and it ends in order', async t => {
    t.equal(await lab.checksumErrors(), 0)
    // What is shown is as of a tick each 2 s.
    const isCounted = async (): Promise<boolean> =>
      /TCP +192\.168\.10\.100:80 +10 /.test((await director.admin(['-Ln', '--stats'])).out)
    await sooner(isCounted, 10_000)
    t.ok(await isCounted())
    process.kill(director.id.pid, 'SIGTERM')
    t.equal(await director.ended(), 0)
  })
})
