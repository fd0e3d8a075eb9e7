import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { hostPart, type LabPlan, natPlan } from '../../native-free/lab-plan.js'
import { DirectorProcess } from '../../netns-lab/director-process.js'
import { Ledger } from '../../netns-lab/ledger.js'
import { putLoad } from '../../netns-lab/load-tool.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { snmpCounter } from '../../netns-lab/netns-lab.js'
import { pattern, patternHash } from '../../netns-lab/pattern.js'
import { until } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { listens } from '../../netns-lab/web-server.js'
import { which } from '../../netns-lab/tools.js'
import { buildTopology } from '../../netns-lab/build-topology.js'
import { unhooked } from './unhooked.js'

const HERE = dirname(fileURLToPath(import.meta.url))
/** UVS_LAB=full: what is shown to people; otherwise what a test has time for. */
const full = process.env['UVS_LAB'] === 'full'
const REQUESTS = full ? 15_000 : 2000
const OCTETS = full ? 200_000_000 : 20_000_000
const LIPS = ['172.16.20.201', '172.16.20.202', '172.16.20.203', '172.16.20.204']
/** NAT’s two arms, but that the real servers have no way to the client. */
const plan: LabPlan = {
  ...natPlan,
  servers: natPlan.servers.map(({ name, segment, address, weight }) => ({ name, segment, address, weight })),
}
const { vip } = plan
const client = hostPart(plan.client.address)
const [nginxServer, nodeServer] = plan.servers.map(({ address }) => hostPart(address)) as [string, string]

/** Ports of the virtual services, and what is said there of the client to whom. */
const services: [port: number, clientAddress: string[], server: string][] = [
  [80, ['--proxy-protocol', 'v1'], nodeServer],
  [81, ['--proxy-protocol', 'v2'], nodeServer],
  [82, ['--toa'], nodeServer],
  [90, ['--proxy-protocol', 'v1'], nginxServer],
  [91, ['--proxy-protocol', 'v2'], nginxServer],
]

/** Real servers that know no way to the client: nginx with proxy_protocol, and Node with uvs/client-address. */
export async function clientAddressLab(io: 'raw' | 'tap'): Promise<void> {
  const skip = (await whyNoNamespaces()) ?? (which('nginx') ? false : 'nginx is not installed')
  await t.test(`FULLNAT on ${io}`, { skip, timeout: full ? 600_000 : 230_000 }, async t => {
    const spaces = new Namespaces(await Ledger.open(`uvs-who-${io}-${process.pid}-`))
    t.teardown(() => spaces.ledger.remove())
    await buildTopology(spaces, plan, io)
    const logs = { [nginxServer]: startNginx(spaces), [nodeServer]: startNode(spaces) }
    const director = await DirectorProcess.start(spaces, plan, io)
    const admin = async (line: string[]): Promise<string> => {
      const { status, out, err } = await director.admin(line)
      if (status !== 0) throw new Error(`uvsadm ${line.join(' ')}: ${err}`)
      return out
    }
    for (const [port, clientAddress, server] of services) {
      const service = ['-t', `${vip}:${port}`]
      await admin(['-A', ...service, '-s', 'rr', ...clientAddress])
      for (const lip of LIPS) await admin(['--add-laddr', '-z', lip, ...service])
      await admin(['-a', ...service, '-r', `${server}:${port}`, '-b'])
    }
    const probe = async (...probes: (string | number)[][]): Promise<unknown[]> => {
      const args = unhooked([join(HERE, 'probe.js'), JSON.stringify(probes)])
      return JSON.parse(await spaces.must('client', 'env', args, 200_000)) as unknown[]
    }
    const isReady = (): boolean => services.every(([port, , server]) => listens(logs[server]!.pid, port))
    t.ok(await until(isReady, 60_000), 'the servers listen')
    for (const server of [nginxServer, nodeServer]) t.equal(readFileSync(logs[server]!.log, 'utf8'), '', server)

    for (const [port, clientAddress, server] of services) {
      const what = `${server === nginxServer ? 'nginx' : 'Node'} ${clientAddress.join(' ')}`
      const url = `http://${vip}:${port}/`
      const { requests } = logs[server]!
      await t.test(`${what}: logs the true client address under load`, async t => {
        const before = lines(requests).length
        const load = await putLoad(spaces, 'client', url, REQUESTS, 50)
        t.comment(`${load.command}: ${Math.round(load.requestsPerSecond)} requests/s`)
        t.equal(load.failed, 0)
        const logged = lines(requests).slice(before)
        t.ok(logged.length >= REQUESTS, `${logged.length} requests`)
        const wrong = logged.filter(line => line.split(' ')[0] !== client)
        t.strictSame(wrong.slice(0, 5), [], `${wrong.length} are not the client`)
      })
      await t.test(`${what}: ${OCTETS / 1e6} MB come down unchanged`, async t => {
        t.equal((await probe(['hash', `${url}octets/${OCTETS}`]))[0], patternHash(OCTETS))
      })
      if (server === nodeServer)
        await t.test(`${what}: ${OCTETS / 1e6} MB go up unchanged`, async t => {
          t.equal((await probe(['send', `${url}upload`, OCTETS]))[0], patternHash(OCTETS))
        })
    }

    const noEthtool = which('ethtool') ? false : 'ethtool is not installed'
    await t.test('with checksums and segments made by the hosts', { skip: noEthtool }, async t => {
      for (const name of ['client', 'rs1', 'rs2'])
        await spaces.must(name, 'ethtool', ['-K', 'eth0', 'tx', 'off', 'tso', 'off', 'gso', 'off', 'gro', 'off'])
      for (const [port, , server] of services) {
        const url = `http://${vip}:${port}/`
        t.equal((await probe(['hash', `${url}octets/${OCTETS}`]))[0], patternHash(OCTETS), `${port}: down`)
        if (server !== nodeServer) continue
        t.equal((await probe(['send', `${url}upload`, OCTETS]))[0], patternHash(OCTETS), `${port}: up`)
        t.match((await probe(['get', url]))[0], new RegExp(`^200 ${client}:\\d+\n$`), `${port}: who asks`)
      }
    })

    await t.test('no kernel has seen a wrong checksum', async t => {
      for (const name of ['client', 'rs1', 'rs2'])
        t.equal(snmpCounter(await spaces.must(name, 'cat', ['/proc/net/snmp']), 'InCsumErrors'), 0, name)
    })
    t.comment(await admin(['-Ln', '--stats']))
  })
}

interface Logs {
  pid: number
  /** What the server says of itself. */
  log: string
  /** A line a request, the client first. */
  requests: string
}

function startNginx(spaces: Namespaces): Logs {
  const dir = join(spaces.ledger.dir, 'nginx')
  mkdirSync(join(dir, 'octets'), { recursive: true })
  writeFileSync(join(dir, 'octets', String(OCTETS)), Buffer.concat([...pattern(OCTETS)]))
  const requests = join(dir, 'requests')
  writeFileSync(requests, '')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    kind => `${kind}_temp_path ${dir}/${kind};`,
  )
  const listens = services
    .filter(([, , server]) => server === nginxServer)
    .map(([port]) => `listen ${port} backlog=4096 proxy_protocol;`)
  writeFileSync(
    join(dir, 'nginx.conf'),
    `daemon off; master_process off; pid ${dir}/pid; error_log stderr;
     events { worker_connections 8000; }
     http { ${temporary.join(' ')} log_format who '$remote_addr $proxy_protocol_addr'; access_log ${requests} who;
       sendfile on; set_real_ip_from 172.16.20.0/24; real_ip_header proxy_protocol;
       server { ${listens.join(' ')} root ${dir}; location = / { return 200 "$proxy_protocol_addr\\n"; } } }\n`,
  )
  const { pid, log } = spaces.start('rs1', 'nginx', which('nginx')!, [
    '-p',
    dir,
    '-e',
    'stderr',
    '-c',
    join(dir, 'nginx.conf'),
  ])
  return { pid, log, requests }
}

function startNode(spaces: Namespaces): Logs {
  const requests = join(spaces.ledger.dir, 'node-requests')
  writeFileSync(requests, '')
  const ports = services.flatMap(([port, [by], server]) =>
    server === nodeServer ? [`${port}=${by === '--toa' ? 'toa' : 'proxy'}`] : [],
  )
  const { pid, log } = spaces.start(
    'rs2',
    'node',
    'env',
    unhooked([join(HERE, 'client-logger.js'), requests, ...ports]),
  )
  return { pid, log, requests }
}

function lines(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean)
}
