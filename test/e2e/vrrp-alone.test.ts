import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces, type Started } from '../../netns-lab/namespaces.js'
import { run, until } from '../../netns-lab/proc.js'
import { ours } from '../../netns-lab/tools.js'
import { sooner, whyNoLan } from './lan.js'
import { unhooked } from './unhooked.js'

/*
 * Virtual routers on interfaces that uvs holds alone: no kernel has an address there. Two directors, or one and the real keepalived beside
 * its kernel, share a virtual address; a client asks it while masters are killed, come back, and say good-bye.
 */

const [VIP, RIP] = ['10.79.0.100', '10.79.0.11']
const HOSTS = { lb1: '10.79.0.1', lb2: '10.79.0.2', client: '10.79.0.10', rs: RIP } as const
type Name = 'lb1' | 'lb2'
type Kind = 'raw' | 'tap' | 'keepalived'

/** A line of tcpdump's, and who replies. */
const REPLY = /^\S+ (\S+) > \S+, ethertype ARP/gm
/** What uvs says of a transition, or keepalived, and the state. */
const TRANSITION = /\(VI_1\) (?:\w+ to|Entering) (\w+)/g

interface Case {
  readonly kinds: Readonly<Record<Name, Kind>>
  readonly workers: number
  /** Lines of the instance. */
  readonly more: string
}

class Pair {
  readonly #started = new Map<Name, Started>()
  constructor(
    readonly spaces: Namespaces,
    readonly kase: Case,
  ) {}

  path(what: string): string {
    return join(this.spaces.ledger.dir, what)
  }
  device(name: Name): string {
    return this.kase.kinds[name] === 'tap' ? 'tap0' : 'eth0'
  }

  async build(): Promise<void> {
    const { spaces } = this
    for (const name of [...Object.keys(HOSTS), 'wire']) await spaces.add(name)
    for (const name of Object.keys(HOSTS)) await spaces.cable(name, 'eth0', 'wire', `to-${name}`)
    await spaces.bridge(
      'wire',
      'br0',
      Object.keys(HOSTS).map(name => `to-${name}`),
    )
    for (const name of ['client', 'rs'] as const)
      await spaces.ip(name, 'addr', 'add', `${HOSTS[name]}/24`, 'dev', 'eth0')
    for (const name of ['lb1', 'lb2'] as const) {
      if (this.kase.kinds[name] === 'keepalived') {
        await spaces.ip(name, 'addr', 'add', `${HOSTS[name]}/24`, 'dev', 'eth0')
        spaces.start(name, `${name}-kernel`, 'env', unhooked([ours('netns-lab/name-server.js'), 'kernel', '80']))
      }
      if (this.kase.kinds[name] === 'tap') {
        const queues = this.kase.workers > 1 ? ['multi_queue'] : []
        await spaces.ip(name, 'tuntap', 'add', 'dev', 'tap0', 'mode', 'tap', 'vnet_hdr', ...queues)
        await spaces.ip(name, 'link', 'set', 'tap0', 'up')
        await spaces.bridge(name, 'br1', ['eth0', 'tap0'])
      }
    }
    await spaces.must('rs', 'sysctl', ['-qw', 'net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.all.arp_announce=2'])
    await spaces.ip('rs', 'addr', 'add', `${VIP}/32`, 'dev', 'lo')
    spaces.start('rs', 'rs', 'env', unhooked([ours('netns-lab/name-server.js'), 'rs', '80']))
    const filter = `arp[6:2] == 2 and src host ${VIP}`
    spaces.start('client', 'replies', 'tcpdump', ['-lnei', 'eth0', filter])
  }

  write(name: Name, priority: number): void {
    const balanced = `virtual_server ${VIP} 80 {
  lb_algo rr
  lb_kind DR
  protocol TCP
  real_server ${RIP} 80 {
  }
}
`
    writeFileSync(
      this.path(`${name}.conf`),
      `global_defs {
  script_user root
}
vrrp_instance VI_1 {
  state BACKUP
  interface ${this.device(name)}
  virtual_router_id 51
  priority ${priority}
  ${this.kase.more.replaceAll('PEER', name === 'lb1' ? HOSTS.lb2 : HOSTS.lb1)}
  virtual_ipaddress {
    ${VIP}/24
  }
}
${this.kase.kinds[name] === 'keepalived' ? '' : balanced}`,
    )
  }
  async start(name: Name): Promise<void> {
    const kind = this.kase.kinds[name]
    const file = this.path(`${name}.conf`)
    const before = this.log(name).length
    if (kind === 'keepalived') {
      const pids = ['-p', this.path(`${name}.pid`), '-r', this.path(`${name}.vrrp.pid`)]
      this.#started.set(
        name,
        this.spaces.start(name, name, 'keepalived', ['-n', '-l', '-D', '-P', '-f', file, ...pids]),
      )
      return
    }
    const device = this.device(name)
    const at = [`--${kind}`, device, '--address', `${HOSTS[name]}/24@${device}`, '--workers', String(this.kase.workers)]
    if (kind === 'tap') at.push('--mac', `02:00:00:00:00:${name === 'lb1' ? '01' : '02'}@${device}`)
    const files = ['--control', this.path(`${name}.sock`), '--keepalived', file]
    const command = unhooked([ours('src/cli/uvs/main.js'), 'director', ...at, ...files])
    this.#started.set(name, this.spaces.start(name, name, 'env', command))
    await sooner(async () => this.log(name).slice(before).includes('ready on'), 60_000)
  }
  signal(name: Name, signal: NodeJS.Signals): void {
    process.kill(this.#started.get(name)!.pid, signal)
  }
  async ended(name: Name): Promise<number | null> {
    return this.#started.get(name)!.ended()
  }
  log(name: Name | 'replies'): string {
    return this.spaces.logged(name)
  }
  /** Until its last transition is to this state; ms. */
  async becomes(name: Name, state: 'MASTER' | 'BACKUP', since: number): Promise<number> {
    const began = performance.now()
    const isSo = (): boolean => {
      const said = this.log(name).slice(since)
      return [...said.matchAll(TRANSITION)].at(-1)?.[1] === state
    }
    await sooner(async () => isSo(), 60_000)
    return Math.round(performance.now() - began)
  }
  /** Until a request to the virtual address is answered by this one; ms. */
  async answers(who: 'rs' | 'kernel'): Promise<number> {
    const began = performance.now()
    const ask = ['-s', '-m', '3', `http://${VIP}/`]
    await sooner(async () => (await this.spaces.run('client', 'curl', ask)).out.trim() === who, 60_000)
    return Math.round(performance.now() - began)
  }
  /**
   * The MACs that say they have the address when the client asks anew, time and again. Where the master gets no CPU for three adverts the
   * backup takes over, and both reply in turn: then it asks once more.
   */
  async whoReplies(): Promise<string[]> {
    for (let tries = 1; ; tries++) {
      const before = { replies: this.log('replies').length, changes: this.#changes() }
      const replies = (): string[] =>
        [...this.log('replies').slice(before.replies).matchAll(REPLY)].map(([, mac]) => mac!)
      for (let i = 0; i < 5; i++) {
        const heard = replies().length
        await this.spaces.ip('client', 'neigh', 'flush', 'all')
        await this.spaces.run('client', 'curl', ['-s', '-m', '3', `http://${VIP}/`])
        await until(() => replies().length > heard, 5000)
      }
      if (this.#changes() === before.changes || tries === 5) return [...new Set(replies())]
      await this.becomes('lb2', 'BACKUP', 0)
    }
  }
  /** How often either has changed its state. */
  #changes(): number {
    const told = (['lb1', 'lb2'] as const).flatMap(name => [...this.log(name).matchAll(TRANSITION)])
    return told.length
  }
}

async function whyNot(): Promise<string | false> {
  const why = await whyNoLan()
  if (why !== false) return why
  for (const tool of ['keepalived', 'tcpdump'])
    if ((await run('sh', ['-c', `command -v ${tool}`])).status !== 0) return `${tool} is not installed`
  return false
}
const skip = await whyNot()

const FAST = 'version 3\n  advert_int 0.2'
const cases: Record<string, Case> = {
  'packet sockets': { kinds: { lb1: 'raw', lb2: 'raw' }, workers: 1, more: FAST },
  'TAP devices and two workers': { kinds: { lb1: 'tap', lb2: 'tap' }, workers: 2, more: FAST },
  'packet sockets and two workers, with AH': {
    kinds: { lb1: 'raw', lb2: 'raw' },
    workers: 2,
    more: 'advert_int 1\n  authentication {\n    auth_type AH\n    auth_pass 1111\n  }',
  },
  'packet sockets beside the real keepalived': { kinds: { lb1: 'raw', lb2: 'keepalived' }, workers: 1, more: FAST },
  'packet sockets beside the real keepalived, by unicast': {
    kinds: { lb1: 'raw', lb2: 'keepalived' },
    workers: 1,
    more: 'version 3\n  advert_int 0.2\n  unicast_peer {\n    PEER\n  }',
  },
}

for (const [name, kase] of Object.entries(cases))
  await t.test(name, { skip, timeout: 200_000 }, async t => {
    const pair = new Pair(new Namespaces(await Ledger.open(`uvs-va-${process.pid}-`)), kase)
    t.teardown(() => pair.spaces.ledger.remove())
    await pair.build()
    pair.write('lb1', 150)
    pair.write('lb2', 100)
    await Promise.all([pair.start('lb1'), pair.start('lb2')])
    const other = kase.kinds.lb2 === 'keepalived' ? 'kernel' : 'rs'

    await pair.becomes('lb1', 'MASTER', 0)
    await pair.becomes('lb2', 'BACKUP', 0)
    t.comment(`the master answers: ${await pair.answers('rs')} ms`)
    const first = await pair.whoReplies()
    t.equal(first.length, 1, 'the backup does not')

    let since = pair.log('lb2').length
    pair.signal('lb1', 'SIGKILL')
    t.comment(`kill -9: ${await pair.becomes('lb2', 'MASTER', since)} ms; answers after ${await pair.answers(other)}`)
    const second = await pair.whoReplies()
    t.equal(second.length, 1)
    t.not(second[0], first[0])

    since = pair.log('lb2').length
    await pair.start('lb1')
    t.comment(
      `it comes back: ${await pair.becomes('lb2', 'BACKUP', since)} ms; answers after ${await pair.answers('rs')}`,
    )
    t.strictSame(await pair.whoReplies(), first, 'it has the address again, alone')

    since = pair.log('lb2').length
    await pair.spaces.ip('wire', 'link', 'set', 'to-lb1', 'down')
    t.comment(
      `cable pulled: ${await pair.becomes('lb2', 'MASTER', since)} ms; answers after ${await pair.answers(other)}`,
    )
    since = pair.log('lb2').length
    await pair.spaces.ip('wire', 'link', 'set', 'to-lb1', 'up')
    t.comment(`it is back: ${await pair.becomes('lb2', 'BACKUP', since)} ms; answers after ${await pair.answers('rs')}`)

    since = pair.log('lb2').length
    pair.signal('lb1', 'SIGTERM')
    t.equal(await pair.ended('lb1'), 0)
    t.comment(`SIGTERM: ${await pair.becomes('lb2', 'MASTER', since)} ms; answers after ${await pair.answers(other)}`)
    const logs = `${pair.log('lb1')}${pair.log('lb2')}`
    t.match(pair.log('lb1'), /\(VI_1\) sent 0 priority/)
    t.notMatch(logs, /invalid|mismatch|wrong version|too (short|long)|Invalid|unexpected|not present|is not answered/)
  })
