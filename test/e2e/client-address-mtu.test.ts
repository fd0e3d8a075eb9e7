import { dirname, join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { type LabPlan, natPlan } from '../../native-free/lab-plan.js'
import { buildTopology } from '../../netns-lab/build-topology.js'
import { DirectorProcess } from '../../netns-lab/director-process.js'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { patternHash } from '../../netns-lab/pattern.js'
import { until } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { listens } from '../../netns-lab/web-server.js'
import { unhooked } from './unhooked.js'

const HERE = dirname(fileURLToPath(import.meta.url))
const OCTETS = 5_000_000
const SERVER = '172.16.30.1'

/** The real server is beyond a router, whose way to it takes packets of 1300 octets. It knows no way but to the local address. */
const plan: LabPlan = {
  ...natPlan,
  servers: [{ name: 'rs1', segment: 'far', address: `${SERVER}/24`, gateway: '172.16.30.254', weight: 1 }],
  routers: [
    {
      name: 'router',
      links: [
        { segment: 'servers', address: '172.16.20.254/24' },
        { segment: 'far', address: '172.16.30.254/24' },
      ],
    },
  ],
  routes: ['172.16.30.0/24=172.16.20.254'],
}
/** Each at an address of its own: the client learns by address. */
const services: [vip: string, port: number, by: string, clientAddress: string[], mtu: number][] = [
  ['192.168.10.100', 80, 'proxy', ['--proxy-protocol', 'v1'], 1300],
  ['192.168.10.101', 81, 'proxy', ['--proxy-protocol', 'v2'], 1300],
  ['192.168.10.102', 82, 'toa', ['--toa'], 1292],
]

const skip = (await whyNoNamespaces()) ?? false
await t.test('a path with a smaller MTU behind the director is learnt', { skip, timeout: 230_000 }, async t => {
  const spaces = new Namespaces(await Ledger.open(`uvs-who-mtu-${process.pid}-`))
  t.teardown(() => spaces.ledger.remove())
  await buildTopology(spaces, plan, 'raw')
  await spaces.ip('router', 'link', 'set', 'to-far', 'mtu', '1300')
  const requests = join(spaces.ledger.dir, 'requests')
  writeFileSync(requests, '')
  const ports = services.map(([, port, by]) => `${port}=${by}`)
  const { pid } = spaces.start('rs1', 'node', 'env', unhooked([join(HERE, 'client-logger.js'), requests, ...ports]))
  const director = await DirectorProcess.start(spaces, plan, 'raw')
  for (const [vip, port, , clientAddress] of services) {
    const service = ['-t', `${vip}:${port}`]
    for (const line of [
      ['-A', ...service, '-s', 'rr', ...clientAddress],
      ['--add-laddr', '-z', '172.16.20.201', ...service],
      ['-a', ...service, '-r', `${SERVER}:${port}`, '-b'],
    ])
      t.equal((await director.admin(line)).status, 0, line.join(' '))
  }
  const isReady = (): boolean => services.every(([, port]) => listens(pid, port))
  t.ok(await until(isReady, 60_000), 'the server listens')
  const probe = async (...probes: (string | number)[][]): Promise<unknown[]> => {
    const args = unhooked([join(HERE, 'probe.js'), JSON.stringify(probes)])
    return JSON.parse(await spaces.must('client', 'env', args, 60_000)) as unknown[]
  }

  for (const [vip, port, , clientAddress, mtu] of services)
    await t.test(`${clientAddress.join(' ')}: up and down unchanged`, async t => {
      const url = `http://${vip}:${port}/`
      t.match((await probe(['get', url]))[0], /^200 192\.168\.10\.10:\d+\n$/)
      t.equal((await probe(['send', `${url}upload`, OCTETS]))[0], patternHash(OCTETS))
      t.equal((await probe(['hash', `${url}octets/${OCTETS}`]))[0], patternHash(OCTETS))
      t.match(
        await spaces.must('client', 'ip', ['route', 'get', vip]),
        new RegExp(`mtu ${mtu}`),
        'the client has learnt it',
      )
    })
})
