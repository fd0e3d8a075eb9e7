import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { VrrpInfo } from '../../src/control/protocol/api.js'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces, type Started } from '../../netns-lab/namespaces.js'
import { run } from '../../netns-lab/proc.js'
import { ours } from '../../netns-lab/tools.js'
import { sooner, whyNoLan } from './lan.js'
import { unhooked } from './unhooked.js'

/*
 * Two `uvs director --keepalived` beside their kernels share a virtual address, and balance what comes to it to one real server by direct
 * routing. The master's script fails, it is killed, comes back, the other one is stopped; a client asks the address all the time.
 */

const [VIP, SECOND, RIP] = ['10.79.0.100', '10.79.0.101', '10.79.0.11']
type Name = 'lb1' | 'lb2'

/** On an interface of its own. */
const ANOTHER = `vrrp_instance VI_2 {
  state BACKUP
  interface eth1
  virtual_router_id 52
  priority 150
  version 3
  advert_int 0.2
  virtual_ipaddress {
    10.80.0.100/24
  }
}
`

class Pair {
  readonly #started = new Map<Name, Started>()
  constructor(readonly spaces: Namespaces) {}

  path(what: string): string {
    return join(this.spaces.ledger.dir, what)
  }

  async build(): Promise<void> {
    const { spaces } = this
    const addresses = { lb1: '10.79.0.1', lb2: '10.79.0.2', client: '10.79.0.10', rs: RIP }
    for (const name of [...Object.keys(addresses), 'wire']) await spaces.add(name)
    for (const [name, addr] of Object.entries(addresses)) {
      await spaces.cable(name, 'eth0', 'wire', `to-${name}`)
      await spaces.ip(name, 'addr', 'add', `${addr}/24`, 'dev', 'eth0')
    }
    await spaces.cable('lb1', 'eth1', 'wire', 'to-lb1-too')
    await spaces.ip('lb1', 'addr', 'add', '10.80.0.1/24', 'dev', 'eth1')
    const ports = Object.keys(addresses).map(name => `to-${name}`)
    await spaces.bridge('wire', 'br0', ports)
    await spaces.must('rs', 'sysctl', ['-qw', 'net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.all.arp_announce=2'])
    await spaces.ip('rs', 'addr', 'add', `${VIP}/32`, 'dev', 'lo')
    spaces.start('rs', 'rs', 'env', unhooked([ours('netns-lab/name-server.js'), 'rs', '80']))
    writeFileSync(this.path('notify.sh'), `echo "$@" >> ${this.path('')}/$0.told\n`)
  }

  write(name: Name, priority: number, vips: readonly string[], more = ''): void {
    writeFileSync(
      this.path(`${name}.conf`),
      `global_defs {
  script_user root
  enable_script_security
}
vrrp_script chk {
  script "/bin/sh -c 'test ! -e ${this.path(name)}.bad'"
  interval 1
}
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority ${priority}
  version 3
  advert_int 0.2
  virtual_ipaddress {
    ${vips.map(vip => `${vip}/24`).join('\n    ')}
  }
  track_script {
    chk
  }
  notify "/bin/sh -c '. ${this.path('notify.sh')}' ${name}"
}
${more}virtual_server ${VIP} 80 {
  delay_loop 1
  lb_algo rr
  lb_kind DR
  protocol TCP
  real_server ${RIP} 80 {
    TCP_CHECK {
      connect_timeout 1
    }
  }
}
`,
    )
  }
  async start(name: Name): Promise<void> {
    const files = ['--control', this.path(`${name}.sock`), '--keepalived', this.path(`${name}.conf`)]
    const command = unhooked([ours('src/cli/uvs/main.js'), 'director', '--raw', 'eth0', ...files])
    const before = existsSync(this.path(`${name}.log`)) ? this.log(name).length : 0
    this.#started.set(name, this.spaces.start(name, name, 'env', command))
    await sooner(async () => this.log(name).slice(before).includes('ready on'), 30_000)
  }
  signal(name: Name, signal: NodeJS.Signals): void {
    process.kill(this.#started.get(name)!.pid, signal)
  }
  async ended(name: Name): Promise<number | null> {
    return this.#started.get(name)!.ended()
  }
  log(name: Name): string {
    return readFileSync(this.path(`${name}.log`), 'utf8')
  }
  told(name: Name): string[] {
    return readFileSync(this.path(`${name}.told`), 'utf8')
      .trim()
      .split('\n')
  }
  async holds(name: Name, vip = VIP): Promise<boolean> {
    return (await this.spaces.must(name, 'ip', ['-4', 'addr', 'show', 'dev', 'eth0'])).includes(`${vip}/`)
  }
  /** What `uvs vrrp` says. */
  async seen(name: Name): Promise<VrrpInfo> {
    const asked = [ours('src/cli/uvs/main.js'), 'vrrp', '--json', '--control', this.path(`${name}.sock`)]
    const { out, err } = await run(process.execPath, asked)
    if (err !== '') throw new Error(err)
    return (JSON.parse(out) as { vrrp: VrrpInfo }).vrrp
  }
  /** Until one of them, and not the other, holds the address; ms. */
  async masterIs(name: Name, limitMs = 8000): Promise<number> {
    const began = performance.now()
    const other = name === 'lb1' ? 'lb2' : 'lb1'
    await sooner(async () => (await this.holds(name)) && !(await this.holds(other)), limitMs)
    return Math.round(performance.now() - began)
  }
  /** Until a balanced request is answered; ms. */
  async answers(): Promise<number> {
    const began = performance.now()
    const ask = ['-s', '-m', '1', `http://${VIP}/`]
    await sooner(async () => (await this.spaces.run('client', 'curl', ask)).out.trim() === 'rs', 10_000)
    return Math.round(performance.now() - began)
  }
}

const skip = await whyNoLan()
t.test('two directors with one virtual address', { skip, timeout: 120_000 }, async t => {
  const pair = new Pair(new Namespaces(await Ledger.open(`uvs-vd-${process.pid}-`)))
  t.teardown(() => pair.spaces.ledger.remove())
  await pair.build()
  pair.write('lb1', 150, [VIP])
  pair.write('lb2', 100, [VIP])
  await Promise.all([pair.start('lb1'), pair.start('lb2')])
  await pair.masterIs('lb1')
  t.comment(`the master answers: ${await pair.answers()} ms`)

  t.match(await pair.seen('lb1'), {
    instances: [
      { name: 'VI_1', state: 'MASTER', why: 'no advert was heard', priority: 150, next: { event: 'advert' } },
    ],
    scripts: [{ name: 'chk', state: 'good', why: 'exited with status 0' }],
  })
  t.match(await pair.seen('lb2'), {
    instances: [{ state: 'BACKUP', next: { event: 'master' }, lastAdvert: { source: '10.79.0.1', priority: 150 } }],
  })

  writeFileSync(`${pair.path('lb1')}.bad`, '')
  t.comment(`its script fails: ${await pair.masterIs('lb2')} ms; answers after ${await pair.answers()}`)
  t.match(pair.log('lb1'), /\(VI_1\) MASTER to FAULT, priority 150: script chk failed/)
  t.match(await pair.seen('lb1'), {
    instances: [{ state: 'FAULT', why: 'script chk failed', faults: ['script chk failed'] }],
    scripts: [{ name: 'chk', state: 'bad', why: 'failed (exited with status 1)', next: { event: /^(run|result)$/ } }],
  })
  rmSync(`${pair.path('lb1')}.bad`)
  t.comment(`it is good again: ${await pair.masterIs('lb1')} ms`)

  const before = pair.log('lb1').length
  pair.write('lb1', 150, [VIP, SECOND])
  pair.write('lb2', 100, [VIP, SECOND])
  // Who has other addresses refuses the other's adverts.
  pair.signal('lb1', 'SIGHUP')
  await sooner(async () => (await pair.seen('lb2')).instances[0]!.refused['address-count']! > 0, 8000)
  pair.signal('lb2', 'SIGHUP')
  await sooner(() => pair.holds('lb1', SECOND), 8000)
  t.match(pair.log('lb1').slice(before), /1 virtual servers, 1 vrrp_instances/)
  t.notMatch(pair.log('lb1').slice(before), /MASTER to/, 'it stays master')
  await pair.answers()
  pair.write('lb1', 150, [VIP, SECOND], ANOTHER)
  pair.signal('lb1', 'SIGHUP')
  await sooner(async () => pair.log('lb1').includes('(VI_2) BACKUP to MASTER'), 8000)
  pair.write('lb1', 150, [VIP, SECOND])
  pair.signal('lb1', 'SIGHUP')
  await sooner(async () => pair.log('lb1').includes('(VI_2) MASTER to INIT'), 8000)
  t.notMatch(pair.log('lb1'), /VI_2\) \w+ to FAULT/, 'the link of an instance that a reload brings is known')
  t.notMatch(pair.log('lb1'), /no advert could be sent/, 'one that it takes away says good-bye')

  await pair.masterIs('lb1')
  pair.signal('lb1', 'SIGKILL')
  const began = performance.now()
  await sooner(() => pair.holds('lb2'), 8000)
  t.comment(`kill -9: ${Math.round(performance.now() - began)} ms; answers after ${await pair.answers()}`)
  t.ok(await pair.holds('lb1'), 'the address is left on the dead one')
  pair.write('lb1', 90, [VIP, SECOND])
  await pair.start('lb1')
  await pair.masterIs('lb2')
  t.notOk(await pair.holds('lb1', SECOND), 'its next start takes its addresses away')

  pair.signal('lb2', 'SIGTERM')
  t.equal(await pair.ended('lb2'), 0)
  t.comment(`SIGTERM: ${await pair.masterIs('lb1')} ms; answers after ${await pair.answers()}`)
  t.match(pair.log('lb2'), /\(VI_1\) sent 0 priority/)
  t.strictSame(pair.told('lb2').at(-1), 'INSTANCE VI_1 STOP 100')
  t.strictSame(pair.told('lb1').slice(0, 2), ['INSTANCE VI_1 BACKUP 150', 'INSTANCE VI_1 MASTER 150'])
})
