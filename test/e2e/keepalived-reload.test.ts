import { truncateSync, writeFileSync } from 'node:fs'
import t from 'tap'
import type { DestinationInfo } from '../../src/control/protocol/api.js'
import { allServices } from '../../src/control/protocol/all-services.js'
import { connectControl } from '../../src/control/socket/client.js'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { run } from '../../netns-lab/proc.js'
import { ours } from '../../netns-lab/tools.js'
import { tempDir } from '../support/temp.js'
import { Lan, RS1, RS2, sooner, VIP, whyNoLan } from './lan.js'
import { unhooked } from './unhooked.js'

const CHECK = 'TCP_CHECK {\n connect_timeout 1\n retry 0\n warmup 0\n }'
const OCTETS = 100_000_000

interface Asked {
  readonly weight: number
  /** Of rs2, which is down at first. */
  readonly more?: string
}

const server = (port: number, servers: string): string =>
  `virtual_server ${VIP} ${port} {\n delay_loop 1\n lb_algo wrr\n lb_kind NAT\n protocol TCP\n ${servers}\n}\n`

/** Port 88 of both, by NAT and by direct routing; port 90 of rs1, which files are fetched from. */
function configuration({ weight, more = '' }: Asked): string {
  const rs1 = (port: number): string => `real_server ${RS1} ${port} {\n weight ${weight}\n ${CHECK}\n }\n`
  const rs2 = `real_server ${RS2} 88 {\n weight 100\n slow_start 4\n lvs_method DR\n ${more}\n ${CHECK}\n }`
  return server(88, rs1(88) + rs2) + server(90, rs1(90))
}

const skip = (await whyNoLan()) || ((await run('python3', ['--version'])).status === 0 ? false : 'no python3')
await t.test('a reload under way of traffic, and a server that returns slowly', { skip, timeout: 230_000 }, async t => {
  const lan = new Lan(new Namespaces(await Ledger.open(`uvs-kr-${process.pid}-`)))
  const { spaces } = lan
  t.teardown(() => spaces.ledger.remove())
  await lan.build()
  const directory = tempDir(t)
  writeFileSync(`${directory}/large`, '')
  truncateSync(`${directory}/large`, OCTETS)
  spaces.start('rs1', 'files', 'python3', ['-m', 'http.server', '90', '--directory', directory])
  const serve = (host: string, name: string): unknown =>
    spaces.start(host, name, 'env', unhooked([ours('netns-lab/name-server.js'), name, '88']))
  serve('rs1', 'one')
  await sooner(async () => (await lan.ask(`${RS1}:88`, 'director')) === 'one', 60_000)
  await sooner(async () => (await lan.ask(`${RS1}:90`, 'director')).includes('large'), 60_000)
  const file = `${directory}/keepalived.conf`
  const next = `${directory}/next.conf`
  writeFileSync(file, configuration({ weight: 10 }))
  const director = await lan.start('eth0', '--keepalived', file)
  const control = connectControl(lan.control)
  t.teardown(() => control.close())
  const servers = async (port: number): Promise<DestinationInfo[]> => {
    const services = await allServices(control)
    if (!services.ok) throw new Error(services.message)
    return services.value.find(service => 'port' in service && service.port === port)?.destinations ?? []
  }
  const failures = (): number => director.said().split(`service [${RS2}]:tcp:88 failed`).length - 1
  await sooner(async () => (await servers(88)).length === 1 && (await servers(90)).length === 1, 60_000)
  await sooner(async () => failures() === 1, 60_000)

  t.strictSame(await lan.askTimes(3, `${VIP}:88`), { one: 3 })
  const fetching = spaces.run(
    'client',
    'curl',
    ['-s', '--limit-rate', '5M', '-o', '/dev/null', '-w', '%{size_download} %{num_connects}', `http://${VIP}:90/large`],
    120_000,
  )
  await sooner(async () => (await servers(90))[0]!.activeConns === 1, 60_000)
  await sooner(async () => (await servers(88))[0]!.stats.conns === 3, 60_000)

  writeFileSync(next, configuration({ weight: 50 }))
  const planned = await lan.uvs('plan', '--keepalived', next)
  t.match(planned, `~ -e -t ${VIP}:88 -r ${RS1}:88 -m -w 50 (was -w 10`)
  t.match(planned, /^2 changes, \d+ connections?\n$/m)
  t.notMatch(planned, RS2)
  t.equal((await servers(88))[0]!.weight, 10, 'a plan changes nothing')
  t.match(await lan.uvs('plan', '--keepalived', file), /^nothing to do\n$/)

  writeFileSync(file, configuration({ weight: 50 }))
  process.kill(director.pid, 'SIGHUP')
  await sooner(async () => /SIGHUP: .*2 real servers changed/.test(director.said()), 60_000)
  const [one] = await servers(88)
  t.match(one, { weight: 50, address: RS1 })
  t.equal(one!.stats.conns, 3, 'its counters go on')
  t.match(await servers(90), [{ weight: 50, activeConns: 1, stats: { conns: 1 } }], 'the download too')
  t.equal((await servers(88)).length, 1, 'rs2 is still down')
  t.strictSame((await fetching).out, `${OCTETS} 1`, 'it comes to its end over the same connection')
  t.equal(failures(), 1, 'nothing was found out anew of a server that is down')

  serve('rs2', 'two')
  const weights: number[] = []
  await sooner(async () => {
    const weight = (await servers(88)).find(({ address }) => address === RS2)?.weight
    if (weight !== undefined && weight !== weights.at(-1)) weights.push(weight)
    return weight === 100
  }, 60_000)
  t.comment(weights.join(' '))
  t.ok(weights.length > 2, 'it grows in steps')
  t.ok(weights[0]! < 100 && weights.every((weight, i) => i === 0 || weight > weights[i - 1]!), 'from little to all')
  t.match(director.said(), `Weight of service [${RS2}]:tcp:88 of VS [${VIP}]:tcp:88 grows from 1 to 100 in 4 s`)

  // A real server that is a local address of somebody's FULLNAT service is refused: none of the reload counts.
  await lan.admin('-A', '-t', `${VIP}:99`, '-s', 'rr')
  await lan.admin('--add-laddr', '-z', '10.77.0.77', '-t', `${VIP}:99`)
  const before = [await servers(88), await servers(90)].map(list =>
    list.map(({ address, weight }) => [address, weight]),
  )
  const stranger = `real_server ${RS1} 90 {\n}\n real_server 10.77.0.77 90 {\n }\n real_server 10.77.0.78 90`
  writeFileSync(file, configuration({ weight: 60 }).replace(`real_server ${RS1} 90`, stranger))
  process.kill(director.pid, 'SIGHUP')
  await sooner(async () => director.said().split('SIGHUP: ').length === 3, 60_000)
  const said = director.said().split('SIGHUP: ')[2]
  t.match(said, /nothing has changed: .*10\.77\.0\.77.*everything is as before/)
  const after = [await servers(88), await servers(90)].map(list => list.map(({ address, weight }) => [address, weight]))
  t.strictSame(after, before, 'the weights that came before it are as they were')
  await lan.admin('-D', '-t', `${VIP}:99`)
  process.kill(director.pid, 'SIGHUP')
  await sooner(async () => (await servers(90)).some(({ address }) => address === '10.77.0.77'), 60_000)
  t.equal((await servers(88)).find(({ address }) => address === RS1)?.weight, 60)
})
