import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { type LabPlan, natPlan, rules } from '../../native-free/lab-plan.js'
import type { DirectorProcess } from '../../netns-lab/director-process.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { patternHash } from '../../netns-lab/pattern.js'
import { end, identify, until } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { which } from '../../netns-lab/tools.js'

/* The lab's NAT with real sockets, frames taken by AF_PACKET and by TAP. */

const PROBE = join(dirname(fileURLToPath(import.meta.url)), 'probe.js')
const UDP_PORT = 53
const OCTETS = 20_000_000
const { vip } = natPlan
const why = await whyNoNamespaces()

const udpRules = ({ servers }: LabPlan): string[][] => [
  ['-A', '-u', `${vip}:${UDP_PORT}`, '-s', 'rr'],
  ...servers.map(({ address }) => ['-a', '-u', `${vip}:${UDP_PORT}`, '-r', address.replace(/\/.*/, ''), '-m']),
]

async function startWithRules(lab: NetnsLab): Promise<DirectorProcess> {
  const director = await lab.startDirector()
  for (const rule of [...rules(natPlan), ...udpRules(natPlan)]) {
    const { status, err } = await director.admin(rule)
    if (status !== 0) throw new Error(`${rule.join(' ')}: ${err}`)
  }
  return director
}

for (const io of ['raw', 'tap'] as const) {
  t.test(`NAT on ${io}`, { skip: why ?? false, timeout: 60_000 }, async t => {
    const web = { node: true, udpPort: UDP_PORT }
    const lab = await NetnsLab.build({ prefix: `uvs-e2e-${io}-${process.pid}-`, plan: natPlan, io, web })
    t.teardown(() => lab.remove())
    const probe = async (...args: (string | number)[]): Promise<unknown> => {
      return JSON.parse(await lab.spaces.must('client', process.execPath, [PROBE, ...args.map(String)]))
    }
    let director = await startWithRules(lab)

    await t.test('fetches go to the real servers by weight', async t => {
      const bodies: unknown[] = []
      for (let i = 0; i < 8; i++) bodies.push(await probe('get', lab.url))
      const count = (body: string): number =>
        bodies.filter(it => JSON.stringify(it) === JSON.stringify({ status: 200, body })).length
      t.strictSame([count('rs1\n'), count('rs2\n')], [6, 2])
    })

    await t.test('20 MB come down and go up unchanged', async t => {
      const expected = patternHash(OCTETS)
      t.equal(await probe('hash', `${lab.url}octets/${OCTETS}`), expected)
      t.equal(await probe('send', `${lab.url}sha256`, OCTETS), expected)
    })

    await t.test('a UDP service echoes', async t => {
      const answers: string[] = []
      for (const text of ['hello', 'an odd one']) {
        const [server, ...words] = String(await probe('udp', vip, UDP_PORT, text)).split(' ')
        t.equal(words.join(' '), text)
        answers.push(server ?? '')
      }
      t.strictSame(answers.sort(), ['rs1', 'rs2'], 'rr: each its own server')
    })

    await t.test('the virtual address and the director answer ping', async t => {
      for (const address of [vip, '192.168.10.1']) t.equal(await probe('ping', address, 'hello'), true, address)
      t.equal(await probe('ping', '192.168.10.77', 'hello'), false, 'an address that nobody has does not')
    })

    await t.test('a port without service refuses: RST, ICMP port unreachable', async t => {
      t.equal(await probe('connect', vip, 81), 'ECONNREFUSED')
      t.equal(await probe('udp', vip, 5353, 'anyone?'), 'ECONNREFUSED')
    })

    await t.test('after kill -9 a director starts cleanly again', async t => {
      process.kill(director.id.pid, 'SIGKILL')
      t.equal(await director.ended(), null)
      director = await startWithRules(lab)
      t.match(await probe('get', lab.url), { status: 200 })
    })

    await t.test('no frame had a checksum that a kernel found wrong', async t => {
      t.equal(await lab.checksumErrors(), 0)
    })

    const missing = ['ethtool', 'tcpdump'].find(tool => !which(tool))
    await t.test(
      'nor one that tcpdump finds wrong, with checksums made by the hosts',
      { skip: missing ? `${missing} is not installed` : false },
      async t => {
        const names = ['client', 'rs1', 'rs2']
        for (const name of names) await lab.spaces.must(name, 'ethtool', ['-K', 'eth0', 'tx', 'off'])
        const captures = names.map(name => {
          const { pid, log } = lab.spaces.start(name, `tcpdump-${name}`, 'tcpdump', [
            '-lnvvi',
            'eth0',
            'tcp or udp or icmp',
          ])
          return { id: identify(pid)!, said: () => readFileSync(log, 'utf8') }
        })
        await until(() => captures.every(({ said }) => said().includes('listening on')), 5000)
        for (let i = 0; i < 4; i++) await probe('get', lab.url)
        for (const text of ['even', 'odd']) await probe('udp', vip, UDP_PORT, text)
        await probe('connect', vip, 81)
        await probe('udp', vip, 5353, 'anyone?')
        await probe('hash', `${lab.url}octets/100000`)
        await until(() => captures.every(({ said }) => /udp sum ok/.test(said())), 2000)
        await end(captures.map(({ id }) => id))
        for (const [i, { said }] of captures.entries()) {
          t.match(said(), /cksum 0x[0-9a-f]+ \(correct\)/, `${names[i]}: TCP was seen`)
          t.match(said(), /udp sum ok/, `${names[i]}: UDP was seen`)
          t.notMatch(said(), /incorrect|bad|wrong/, `${names[i]}: all are right`)
        }
        t.equal(await lab.checksumErrors(), 0)
      },
    )

    await t.test('SIGTERM ends the director with status 0', async t => {
      process.kill(director.id.pid, 'SIGTERM')
      t.equal(await director.ended(), 0)
    })
  })
}
