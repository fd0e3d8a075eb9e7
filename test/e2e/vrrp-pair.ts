import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { VrrpInfo } from '../../src/control/protocol/api.js'
import type { Namespaces, Started } from '../../netns-lab/namespaces.js'
import { run } from '../../netns-lab/proc.js'
import { ours } from '../../netns-lab/tools.js'
import { sooner } from './lan.js'
import { unhooked } from './unhooked.js'

/*
 * Two `uvs director --keepalived` beside their kernels share a virtual address, and balance what comes to it to one real server by direct
 * routing. A client is on the same wire.
 */

export const [VIP, SECOND, RIP] = ['10.79.0.100', '10.79.0.101', '10.79.0.11']
export type Name = 'lb1' | 'lb2'

export class Pair {
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

  write(name: Name, priority: number, vips: readonly string[], more = '', seconds = 0.2): void {
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
  advert_int ${seconds}
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
  async start(name: Name, ...more: string[]): Promise<void> {
    const files = ['--control', this.path(`${name}.sock`), '--keepalived', this.path(`${name}.conf`)]
    const command = unhooked([ours('src/cli/uvs/main.js'), 'director', '--raw', 'eth0', ...files, ...more])
    const before = this.log(name).length
    this.#started.set(name, this.spaces.start(name, name, 'env', command))
    await sooner(async () => this.log(name).slice(before).includes('ready on'), 60_000)
  }
  signal(name: Name, signal: NodeJS.Signals): void {
    process.kill(this.#started.get(name)!.pid, signal)
  }
  async ended(name: Name): Promise<number | null> {
    return this.#started.get(name)!.ended()
  }
  log(name: Name): string {
    return this.spaces.logged(name)
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
  async masterIs(name: Name, limitMs = 60_000): Promise<number> {
    const began = performance.now()
    const other = name === 'lb1' ? 'lb2' : 'lb1'
    await sooner(async () => (await this.holds(name)) && !(await this.holds(other)), limitMs)
    return Math.round(performance.now() - began)
  }
  /** Until a balanced request is answered; ms. */
  async answers(): Promise<number> {
    const began = performance.now()
    const ask = ['-s', '-m', '3', `http://${VIP}/`]
    await sooner(async () => (await this.spaces.run('client', 'curl', ask)).out.trim() === 'rs', 30_000)
    return Math.round(performance.now() - began)
  }
}
