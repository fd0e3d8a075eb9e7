import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { identify, isAlive, run, until } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours } from '../../netns-lab/tools.js'
import { unhooked } from './unhooked.js'

/*
 * A BIRD and a keepalived on the kernel of the director's host, with peers on the same wire, while uvs starts beside them, balances,
 * takes rules, and is killed: the BGP session stays, the peer's keepalived stays backup. keepalived holds the VIP that uvs balances.
 */

const MAIN = ours('src/cli/uvs/main.js')
const [DIP, PEER, RIP, CIP, VIP] = ['10.79.0.1', '10.79.0.2', '10.79.0.11', '10.79.0.10', '10.79.0.200']
/** UVS_REQUESTS=100000 for a long look. */
const REQUESTS = process.env['UVS_REQUESTS'] ?? '5000'

const bird = (own: string, as: number, other: string, otherAs: number): string => `router id ${own};
protocol device { scan time 1; }
protocol static { ipv4; route 10.${as - 64800}.0.0/16 blackhole; }
protocol bgp peer {
  local ${own} as ${as};
  neighbor ${other} as ${otherAs};
  connect delay time 1;
  hold time 6;
  keepalive time 1;
  ipv4 { import all; export all; };
}
`
const keepalived = (priority: number): string => `vrrp_instance vip {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority ${priority}
  advert_int 1
  virtual_ipaddress { ${VIP}/32 }
}
`

async function whyNot(): Promise<string | false> {
  const why = await whyNoNamespaces()
  if (why !== undefined) return why
  for (const tool of ['bird', 'birdc', 'keepalived', 'tcpdump', 'ab', 'curl'])
    if ((await run('sh', ['-c', `command -v ${tool}`])).status !== 0) return `${tool} is not installed`
  return false
}

class Lan {
  constructor(readonly spaces: Namespaces) {}

  async build(): Promise<void> {
    const { spaces } = this
    const hosts = { client: CIP, director: DIP, peer: PEER, rs: RIP }
    for (const name of [...Object.keys(hosts), 'wire']) await spaces.add(name)
    for (const [name, address] of Object.entries(hosts)) {
      await spaces.cable(name, 'eth0', 'wire', `to-${name}`)
      await spaces.ip(name, 'addr', 'add', `${address}/24`, 'dev', 'eth0')
    }
    await spaces.bridge('wire', 'br0', Object.keys(hosts).map(name => `to-${name}`)) // prettier-ignore
    await spaces.ip('rs', 'route', 'add', `${CIP}/32`, 'via', DIP)
    spaces.start('rs', 'rs', 'env', unhooked([ours('netns-lab/name-server.js'), 'rs', '80']))
    this.#daemons('director', bird(DIP, 65001, PEER, 65002), keepalived(200))
    await this.#holdsVip()
    this.#daemons('peer', bird(PEER, 65002, DIP, 65001), keepalived(100))
  }
  #daemons(space: string, birdConf: string, keepalivedConf: string): void {
    const file = (name: string): string => join(this.spaces.ledger.dir, `${space}-${name}`)
    writeFileSync(file('bird.conf'), birdConf)
    writeFileSync(file('keepalived.conf'), keepalivedConf, { mode: 0o600 })
    this.spaces.start(space, `bird-${space}`, 'bird', ['-f', '-c', file('bird.conf'), '-s', file('bird.ctl')])
    const pids = ['-p', file('keepalived.pid'), '-r', file('vrrp.pid')]
    const args = ['--vrrp', '-n', '-l', '-D', '-f', file('keepalived.conf'), ...pids]
    this.spaces.start(space, `keepalived-${space}`, 'keepalived', args)
  }
  async #holdsVip(): Promise<void> {
    for (let i = 0; i < 200; i++) {
      if ((await this.spaces.run('director', 'ip', ['addr', 'show', 'dev', 'eth0'])).out.includes(VIP)) return
      await sleep(100)
    }
    throw new Error(`keepalived does not take ${VIP}: ${this.log('keepalived-director')}`)
  }

  /** The state of the BGP session, and since when, as birdc says it. */
  async bgp(): Promise<string> {
    const control = join(this.spaces.ledger.dir, 'director-bird.ctl')
    const { out } = await this.spaces.run('director', 'birdc', ['-s', control, 'show', 'protocols', 'peer'])
    return out.split('\n').find(line => line.startsWith('peer')) ?? out
  }
  log(name: string): string {
    return this.spaces.logged(name)
  }

  async startDirector(): Promise<number> {
    const command = unhooked([MAIN, 'director', '--raw', 'eth0', '--control', this.spaces.ledger.control])
    const before = this.log('director').length
    const { pid } = this.spaces.start('director', 'director', 'env', command)
    const id = identify(pid)
    const isReady = (): boolean => this.log('director').slice(before).includes('ready')
    await until(() => isReady() || !id || !isAlive(id), 60_000)
    if (!isReady()) throw new Error(`uvs director did not become ready: ${this.log('director').slice(before)}`)
    return pid
  }
  async admin(...args: string[]): Promise<void> {
    const command = [ours('src/cli/uvsadm/main.js'), ...args, '--control', this.spaces.ledger.control]
    const { status, err } = await run(process.execPath, command)
    if (status !== 0) throw new Error(`uvsadm ${args.join(' ')}: ${err}`)
  }
  async balance(): Promise<void> {
    await this.admin('-A', '-t', `${VIP}:80`, '-s', 'rr')
    await this.admin('-a', '-t', `${VIP}:80`, '-r', `${RIP}:80`, '-m')
  }
  /** Until rs answers at the VIP. */
  async isServed(): Promise<void> {
    for (let i = 0; i < 100; i++) {
      const { out } = await this.spaces.run('client', 'curl', ['-s', '-m', '3', `http://${VIP}/`])
      if (out.trim() === 'rs') return
      await sleep(50)
    }
    throw new Error(`nobody answers at ${VIP}`)
  }
}

t.test('BIRD and keepalived beside uvs', { skip: await whyNot(), timeout: 230_000 }, async t => {
  const lan = new Lan(new Namespaces(await Ledger.open(`uvs-daemons-${process.pid}-`)))
  const { spaces } = lan
  t.teardown(() => spaces.ledger.remove())
  await lan.build()
  for (let i = 0; i < 300 && !/up .* Established/.test(await lan.bgp()); i++) await sleep(100)
  const before = await lan.bgp()
  t.match(before, /up .* Established/, 'the BGP session')
  const seen = join(spaces.ledger.dir, 'seen.pcap')
  const filter = `arp or icmp or vrrp or port 179`
  const capture = spaces.start('wire', 'capture', 'tcpdump', ['-i', 'to-director', '-U', '-w', seen, filter])
  await until(() => lan.log('capture').includes('listening'), 60_000)

  const killed = await lan.startDirector()
  await lan.balance()
  await lan.isServed()
  const load = ['-r', '-q', '-n', REQUESTS, '-c', '50', `http://${VIP}/`]
  const ab = await spaces.must('client', 'ab', load, 150_000)
  t.match(ab, /Failed requests: +0\n/, `${REQUESTS} requests`)
  process.kill(killed, 'SIGHUP')
  for (let i = 0; i < 20; i++) await lan.admin('-A', '-t', `${VIP}:${1000 + i}`)
  await lan.isServed()
  process.kill(killed, 'SIGKILL')
  await sleep(2000)
  const stopped = await lan.startDirector()
  await lan.balance()
  await lan.isServed()
  process.kill(stopped, 'SIGTERM')
  // Longer than the hold time, and than three adverts: a session that uvs has ended is down by now.
  await sleep(7000)

  t.equal(await lan.bgp(), before, 'the same BGP session')
  t.notMatch(lan.log('keepalived-peer'), /Entering MASTER STATE/, 'the peer stays backup')
  t.notMatch(lan.log('keepalived-director').split('Entering MASTER STATE').slice(1).join(), /Entering/)
  process.kill(capture.pid, 'SIGTERM')
  await until(() => identify(capture.pid) === undefined, 60_000)
  const packets = async (what: string): Promise<string> => must(await run('tcpdump', ['-enr', seen, what]))
  t.equal(await packets('icmp'), '', 'no ICMP error')
  t.equal(await packets('tcp port 179 and tcp[tcpflags] & (tcp-rst|tcp-syn|tcp-fin) != 0'), '', 'no RST')
  const adverts = await packets(`vrrp and src ${DIP}`)
  t.ok(adverts.split('\n').length > 10, 'the adverts')
  for (const address of [DIP, VIP]) {
    const mouths = await packets(`arp[6:2] = 2 and arp[14:4] = 0x${hex(address)}`)
    const macs = new Set(mouths.split('\n').filter(Boolean).map(line => line.split(' ')[1])) // prettier-ignore
    t.ok(macs.size <= 1, `ARP for ${address} from one mouth`)
  }
})

function must({ status, out, err }: Awaited<ReturnType<typeof run>>): string {
  if (status !== 0) throw new Error(err)
  return out
}
function hex(address: string): string {
  return Buffer.from(address.split('.').map(Number)).toString('hex')
}
