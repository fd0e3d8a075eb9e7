import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { ServiceHealth } from '../../src/control/protocol/api.js'
import { allServices } from '../../src/control/protocol/all-services.js'
import { connectControl } from '../../src/control/socket/client.js'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { run } from '../../netns-lab/proc.js'
import { ours } from '../../netns-lab/tools.js'
import { tempDir } from '../support/temp.js'
import { Lan, RS1, RS2, sooner, VIP, whyNoLan } from './lan.js'
import { unhooked } from './unhooked.js'

const PORT = 88
const AT = `${VIP}:${PORT}`

interface Servers {
  readonly weight: number
  readonly extra?: string
}

/** rs1 by NAT, rs2 by direct routing, both checked each second; port 89 of rs1 for when neither is up. */
function configuration({ weight, extra = '' }: Servers): string {
  const check = 'TCP_CHECK {\n connect_timeout 1\n retry 1\n delay_before_retry 0.5\n warmup 0\n }'
  return `virtual_server ${VIP} ${PORT} {
  delay_loop 1
  lb_algo wrr
  lb_kind NAT
  protocol TCP
  ${extra}
  sorry_server ${RS1} 89
  real_server ${RS1} ${PORT} {
    weight ${weight}
    ${check}
  }
  real_server ${RS2} ${PORT} {
    lvs_method DR
    ${check}
  }
}
`
}

const skip = (await whyNoLan()) || ((await run('ab', ['-V'])).status === 0 ? false : 'ab is not installed')
await t.test('uvs director --keepalived', { skip, timeout: 400_000 }, async t => {
  const lan = new Lan(new Namespaces(await Ledger.open(`uvs-ka-${process.pid}-`)))
  const { spaces } = lan
  t.teardown(() => spaces.ledger.remove())
  await lan.build()
  const serve = (host: string, name: string, port: number): number =>
    spaces.start(host, name, 'env', unhooked([ours('netns-lab/name-server.js'), name, String(port)])).pid
  const rs1 = serve('rs1', 'one', PORT)
  let rs2 = serve('rs2', 'two', PORT)
  serve('rs1', 'sorry', 89)
  await sooner(async () => (await lan.ask(`${RS1}:${PORT}`, 'director')) === 'one', 60_000)
  await sooner(async () => (await lan.ask(`${RS2}:${PORT}`, 'director')) === 'two', 60_000)
  const file = `${tempDir(t)}/keepalived.conf`
  writeFileSync(file, configuration({ weight: 1 }))
  const director = await lan.start('eth0', '--keepalived', file, '--http', '9100')
  await lan.admin('-A', '-t', `${VIP}:9999`, '-s', 'rr')
  const control = connectControl(lan.control)
  t.teardown(() => control.close())
  const destinations = async (): Promise<string[]> => {
    const services = await allServices(control)
    if (!services.ok) throw new Error(services.message)
    const found = services.value.find(service => 'port' in service && service.port === PORT)
    return (found?.destinations ?? []).map(({ address, port, weight }) => `${address}:${port}=${weight}`).sort()
  }
  const becomes = async (expected: string[], limitMs: number): Promise<number> => {
    const began = performance.now()
    await sooner(async () => (await destinations()).join() === expected.join(), limitMs)
    return performance.now() - began
  }
  const both = [`${RS1}:${PORT}=1`, `${RS2}:${PORT}=1`]
  await becomes(both, 60_000)
  t.strictSame(await lan.askTimes(10, AT), { one: 5, two: 5 })
  const health = async (): Promise<ServiceHealth> => {
    const document = JSON.parse(await lan.uvs('health', '--json')) as { health: [ServiceHealth] }
    return document.health[0]
  }
  const up = { state: 'up', ruleWeight: 1, checks: [{ check: 'TCP_CHECK', state: 'up' }] }
  const quorum = { state: 'up', weight: 2, quorum: 1, sorryServer: { address: RS1, port: 89, inUse: false } }
  t.match(await health(), { address: VIP, port: PORT, ...quorum, servers: [up, up] })
  t.match(await lan.uvs('health'), new RegExp(`TCP ${VIP}:${PORT} +up .*Gained quorum`))
  const watching = [
    '-c',
    `"$0" "$@" | head -n 16`,
    process.execPath,
    ours('src/cli/uvs/main.js'),
    'health',
    '--watch=0.2',
  ]
  const watched = await run('sh', [...watching, '--control', lan.control])
  t.equal(watched.out.match(/^Every 0\.2s: uvs health /gm)?.length, 2, 'again and again, until the reader has gone')

  const ab = spaces.run('client', 'ab', ['-r', '-q', '-c', '4', '-t', '12', '-n', '1000000', `http://${AT}/`], 120_000)
  await sleep(2000)
  process.kill(rs2, 'SIGKILL')
  const left = await becomes([both[0]!], 60_000)
  // Within delay_loop, delay_before_retry and connect_timeout, 2.5 s, on a machine that does nothing else; not the defaults of each.
  t.ok(left < 10_000, `left ${Math.round(left)} ms after it died`)
  t.notMatch(await lan.askTimes(5, AT), { two: Number })
  const dead = await health()
  t.match(dead.servers[1], {
    state: 'down',
    why: 'TCP_CHECK: connection refused',
    checks: [{ state: 'down', why: 'connection refused', lastError: { why: 'connection refused', at: Number } }],
  })
  t.ok(Math.abs(Date.now() / 1000 - dead.servers[1]!.since) < 60, 'since when')
  t.notOk('ruleWeight' in dead.servers[1]!)
  const { out: metrics } = await spaces.run('director', 'curl', ['-s', 'http://127.0.0.1:9100/metrics'])
  const labels = `protocol="tcp",service="${AT}",real_server=`
  t.match(metrics, `uvs_real_server_healthy{${labels}"${RS1}:${PORT}"} 1\n`)
  t.match(metrics, `uvs_real_server_healthy{${labels}"${RS2}:${PORT}"} 0\n`)
  rs2 = serve('rs2', 'two', PORT)
  const returned = await becomes(both, 60_000)
  t.comment(`returned ${Math.round(returned)} ms after it was started`)
  const { out: said } = await ab
  t.comment(said.match(/(Complete|Failed) requests: .*/g)?.join('; ') ?? said)
  t.match(said, /Complete requests: +[1-9]\d{2}/)

  process.kill(rs1, 'SIGKILL')
  process.kill(rs2, 'SIGKILL')
  await becomes([`${RS1}:89=1`], 60_000)
  t.match(await health(), { state: 'down', why: 'Lost quorum 1-0=1 > 0', sorryServer: { inUse: true } })
  for (const line of ['Lost quorum 1-0=1 > 0 for VS', `Adding sorry server [${RS1}]:tcp:89 to VS`])
    await t.resolves(
      sooner(async () => director.said().includes(line), 60_000),
      line,
    )
  const answers = (name: string): Promise<void> => sooner(async () => (await lan.ask(AT)) === name, 60_000)
  await t.resolves(answers('sorry'))
  serve('rs2', 'two', PORT)
  await becomes([both[1]!], 60_000)
  await t.resolves(answers('two'))

  serve('rs1', 'one', PORT)
  await becomes(both, 60_000)
  writeFileSync(file, configuration({ weight: 3, extra: 'no_such_keyword' }))
  process.kill(director.pid, 'SIGHUP')
  await sooner(async () => /nothing has changed: \S+:\d+: error: .*no_such_keyword/.test(director.said()), 60_000)
  t.strictSame(await destinations(), both, 'a file with an error changes nothing')
  // keepalived ends here, and leaves addresses and rules behind.
  writeFileSync(file, configuration({ weight: 3 }).replace('lb_algo wrr', 'lb_algo'))
  process.kill(director.pid, 'SIGHUP')
  await sooner(
    async () => /nothing has changed: .*missing a parameter after keyword `lb_algo`/.test(director.said()),
    60_000,
  )
  t.strictSame(await destinations(), both, 'nor does one that cannot be read to its end')
  writeFileSync(file, configuration({ weight: 3 }))
  process.kill(director.pid, 'SIGHUP')
  await becomes([`${RS1}:${PORT}=3`, both[1]!], 60_000)
  const services = await allServices(control)
  if (!services.ok) throw new Error(services.message)
  t.ok(
    services.value.some(service => 'port' in service && service.port === 9999),
    "uvsadm's own service is still there",
  )
  t.match(director.said(), /TCP_CHECK on service .* failed after 1 retries \(connection refused\)\./)
})

await t.test('what it refuses', async t => {
  const file = `${tempDir(t)}/keepalived.conf`
  writeFileSync(file, configuration({ weight: 1 }))
  const main = ours('src/cli/uvs/main.js')
  const asked = ['director', '--tap', 'tap9', '--address', '192.0.2.1/24@tap9', '--keepalived', file]
  const alone = await run(process.execPath, [main, ...asked])
  t.match(
    alone.err,
    /^uvs director: --keepalived: \S+:\d+: virtual server \S+: TCP_CHECK needs an interface whose addresses the kernel holds/,
  )
  writeFileSync(
    file,
    'vrrp_instance VI_1 {\n interface tap9\n virtual_router_id 51\n virtual_ipaddress {\n 192.0.2.1\n }\n}\n',
  )
  const router = await run(process.execPath, [main, ...asked])
  t.match(
    router.err,
    /^uvs director: --keepalived: \S+:\d+: vrrp_instance VI_1: 192\.0\.2\.1 is answered for whoever is master/,
  )
  const two = await run(process.execPath, [main, ...asked, '--rules', file])
  t.match(two.err, /--keepalived does not go with --rules/)
})
