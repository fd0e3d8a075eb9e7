import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces, type Started } from '../../netns-lab/namespaces.js'
import { ours } from '../../netns-lab/tools.js'
import { randomFrom } from '../support/random.js'
import { sooner, whyNoLan } from './lan.js'
import { unhooked } from './unhooked.js'

/*
 * A director is killed at random moments around its transitions, again and again. Each next start has another configuration: alone, so that
 * it becomes master; beside a master of higher priority; without the instance; with another address. Only what belongs there may be
 * on the interface then.
 */

const KILLS = 20
const SEED = 20261129
const [OWN, VIP, OTHER] = ['10.82.0.1/24', '10.82.0.100/24', '10.82.0.101/24']
/** As often as they stand here. */
const KINDS = ['alone', 'other', 'gone', 'alone', 'other', 'beaten'] as const
type Kind = (typeof KINDS)[number]
/** What the director is doing when it is killed. */
const MOMENTS = ['starts', 'becomes', 'is', 'leaves', 'returns'] as const
type Moment = (typeof MOMENTS)[number]

const instance = (priority: number, vip: string): string => `track_file tf {
  file ${'$FILE'}
  weight 0
}
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority ${priority}
  version 3
  advert_int 0.1
  virtual_ipaddress {
    ${vip}
  }
  track_file {
    tf
  }
}
`

class Host {
  #director: Started | undefined
  #master: Started | undefined
  constructor(readonly spaces: Namespaces) {}

  path(what: string): string {
    return join(this.spaces.ledger.dir, what)
  }
  async build(): Promise<void> {
    for (const name of ['lb', 'peer']) await this.spaces.add(name)
    await this.spaces.cable('lb', 'eth0', 'peer', 'eth0')
    await this.spaces.ip('lb', 'addr', 'add', OWN, 'dev', 'eth0')
    await this.spaces.ip('peer', 'addr', 'add', '10.82.0.2/24', 'dev', 'eth0')
    writeFileSync(this.path('file'), '0\n')
    writeFileSync(this.path('peer.conf'), instance(200, VIP).replaceAll('$FILE', this.path('none')))
  }
  get log(): string {
    return this.spaces.logged('lb')
  }
  async start(kind: Kind): Promise<number> {
    const text = instance(100, kind === 'other' ? OTHER : VIP).replaceAll('$FILE', this.path('file'))
    writeFileSync(this.path('lb.conf'), kind === 'gone' ? '# none\n' : text)
    writeFileSync(this.path('file'), '0\n')
    const before = this.log.length
    const files = ['--control', this.path('lb.sock'), '--keepalived', this.path('lb.conf')]
    const command = unhooked([ours('src/cli/uvs/main.js'), 'director', '--raw', 'eth0', ...files])
    this.#director = this.spaces.start('lb', 'lb', 'env', command)
    await sooner(async () => this.log.slice(before).includes('ready on'), 60_000)
    return before
  }
  /** Waits for a moment, and a little more. `settled`: the addresses that it comes to have. */
  async reach(moment: Moment, settled: readonly string[], random: () => number): Promise<void> {
    if (moment === 'starts') return void (await sleep(random() * 500))
    if (moment === 'becomes') {
      // It has them just now, or just not yet.
      while ((await this.addresses()).length < settled.length && random() < 0.97) await sleep(5)
      return
    }
    await this.has(...settled)
    if (moment !== 'is') writeFileSync(this.path('file'), '1\n')
    await sleep(random() * 40)
    if (moment === 'returns') {
      writeFileSync(this.path('file'), '0\n')
      await sleep(random() * 600)
    }
  }
  async kill(): Promise<void> {
    process.kill(this.#director!.pid, 'SIGKILL')
    await this.#director!.ended()
  }
  async end(): Promise<void> {
    process.kill(this.#director!.pid, 'SIGTERM')
    await this.#director!.ended()
  }
  startMaster(): void {
    const command = unhooked([ours('test/e2e/vrrp-node.js'), this.path('peer.conf')])
    this.#master = this.spaces.start('peer', 'peer', 'env', command)
  }
  async endMaster(): Promise<void> {
    if (!this.#master) return
    process.kill(this.#master.pid, 'SIGTERM')
    await this.#master.ended()
    this.#master = undefined
  }
  async addresses(on = 'lb'): Promise<string[]> {
    const out = await this.spaces.must(on, 'ip', ['-4', '-o', 'addr', 'show', 'dev', 'eth0'])
    return [...out.matchAll(/inet (\S+)/g)].map(([, address]) => address!)
  }
  /** Waits until the interface has these, and no others. */
  async has(...addresses: string[]): Promise<void> {
    await sooner(async () => (await this.addresses()).join() === addresses.join(), 60_000)
  }
}

const skip = await whyNoLan()
t.test('kill -9 at any moment of a transition', { skip, timeout: 400_000 }, async t => {
  const host = new Host(new Namespaces(await Ledger.open(`uvs-vk-${process.pid}-`)))
  t.teardown(() => host.spaces.ledger.remove())
  await host.build()
  // What is done does not depend on how often is waited meanwhile.
  const [plan, random] = [randomFrom(SEED), randomFrom(SEED + 1)]
  const settled: Record<Kind, string[]> = { alone: [OWN, VIP], beaten: [OWN], gone: [OWN], other: [OWN, OTHER] }
  let [left, sure, kind]: [number, number, Kind] = [0, 0, 'alone']
  for (let kills = 0; kills < KILLS; kills++) {
    await host.start(kind)
    if (kind === 'gone') t.strictSame(await host.addresses(), [OWN], `kill ${kills}: nobody owns a virtual address`)
    const moment = MOMENTS[Math.floor(plan() * MOMENTS.length)]!
    await host.reach(moment, settled[kind], random)
    await host.kill()
    const there = await host.addresses()
    if (there.length > 1) left++
    if (moment === 'is' && settled[kind].length > 1) sure++
    kind = KINDS[Math.floor(plan() * KINDS.length)] ?? 'alone'
    await host.endMaster()
    if (kind === 'beaten') {
      host.startMaster()
      await sooner(async () => (await host.addresses('peer')).includes(VIP), 60_000)
    }
    t.comment(`kill ${kills} left ${there.join(', ')}; next: ${kind}`)
  }
  t.ok(sure > 1 && left >= sure, `${left} of ${KILLS} kills left an address, ${sure} of them surely`)
  await host.endMaster()
  await host.start('gone')
  t.strictSame(await host.addresses(), [OWN])
  await host.end()
  await host.start('alone')
  await host.has(OWN, VIP)
  await host.end()
  t.strictSame(await host.addresses(), [OWN], 'SIGTERM leaves none')
  t.notMatch(host.log, /is left:|is not looked at|would stay/)
})
