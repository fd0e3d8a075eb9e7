import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces, type Started } from '../../netns-lab/namespaces.js'
import { run, until } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours } from '../../netns-lab/tools.js'
import { unhooked } from './unhooked.js'

/*
 * Two routers of one virtual address on one wire, beside their kernels: uvs and uvs, uvs and the real keepalived in either role. The
 * master is killed, says good-bye, loses its cable; a client asks the address all the time.
 */

const VIP = '10.78.0.100'
const CONNECT = `
  const socket = require('node:net').connect(9, '${VIP}')
  const end = error => { console.log(error.code); process.exit() }
  socket.on('error', end)
  setTimeout(end, 2000, { code: 'no answer' })`
/** What a busy machine adds to the times that the protocol has. */
const PATIENCE_MS = 2500

async function whyNot(): Promise<string | false> {
  const why = await whyNoNamespaces()
  if (why !== undefined) return why
  for (const tool of ['keepalived', 'tcpdump'])
    if ((await run('sh', ['-c', `command -v ${tool}`])).status !== 0) return `${tool} is not installed`
  return false
}

const instance = (priority: number, more = 'advert_int 1'): string => `vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority ${priority}
  ${more}
  virtual_ipaddress { ${VIP}/24 }
}
`

type Kind = 'uvs' | 'keepalived'
type Name = 'rs1' | 'rs2'

class Wire {
  readonly #started = new Map<Name, Started>()
  constructor(readonly spaces: Namespaces) {}

  async build(): Promise<void> {
    for (const name of ['client', 'rs1', 'rs2', 'wire']) await this.spaces.add(name)
    for (const [name, addr] of Object.entries({ rs1: '10.78.0.1', rs2: '10.78.0.2', client: '10.78.0.10' })) {
      await this.spaces.cable(name, 'eth0', 'wire', `to-${name}`)
      await this.spaces.ip(name, 'addr', 'add', `${addr}/24`, 'dev', 'eth0')
    }
    await this.spaces.bridge('wire', 'br0', ['to-client', 'to-rs1', 'to-rs2'])
  }

  start(name: Name, kind: Kind, text: string): void {
    const file = join(this.spaces.ledger.dir, `${name}.conf`)
    writeFileSync(file, text)
    const pid = (what: string): string => join(this.spaces.ledger.dir, `${name}.${what}.pid`)
    const keepalived = ['keepalived', '-n', '-l', '-D', '-P', '-f', file, '-p', pid('p'), '-r', pid('r')]
    const command = kind === 'uvs' ? unhooked([ours('test/e2e/vrrp-node.js'), file]) : keepalived
    this.#started.set(name, this.spaces.start(name, name, 'env', command))
  }
  /** By its process id. keepalived is its parent alone, whose children then stop in order: KILL is for uvs. */
  signal(name: Name, signal: NodeJS.Signals): void {
    process.kill(this.#started.get(name)!.pid, signal)
  }
  log(name: Name): string {
    return readFileSync(this.#started.get(name)!.log, 'utf8')
  }
  async holds(name: Name): Promise<boolean> {
    return (await this.spaces.must(name, 'ip', ['-4', 'addr', 'show', 'dev', 'eth0'])).includes(VIP)
  }
  /** Waits until a host, and no other, holds the address; returns how long that took, ms. */
  async masterIs(name: Name | undefined, limitMs: number): Promise<number> {
    const began = performance.now()
    for (;;) {
      const held = { rs1: await this.holds('rs1'), rs2: await this.holds('rs2') }
      const isSo = (['rs1', 'rs2'] as const).every(other => held[other] === (other === name))
      if (isSo) return performance.now() - began
      if (performance.now() - began > limitMs)
        throw new Error(`not ${name} after ${limitMs} ms: ${JSON.stringify(held)}`)
      await sleep(20)
    }
  }
  /** As `answers`; a bridge may lose the first announcements after a cable is back: the second set comes 5 s later. */
  async answersAtLast(): Promise<boolean> {
    for (const end = performance.now() + 7000; performance.now() < end;) if (await this.answers()) return true
    return false
  }
  /** Whether the kernel behind the address answers a client: by a reset, for nobody listens there. */
  async answers(): Promise<boolean> {
    const { out } = await this.spaces.run('client', process.execPath, ['-e', CONNECT])
    return out.trim() === 'ECONNREFUSED'
  }
}

const skip = await whyNot()

/** Does it on a wire of its own, which is removed again. */
async function onWire(what: string, doIt: (wire: Wire) => Promise<void>): Promise<void> {
  const ledger = await Ledger.open(`uvs-vrrp-${what}-${process.pid}-`)
  try {
    const wire = new Wire(new Namespaces(ledger))
    await wire.build()
    await doIt(wire)
  } finally {
    await ledger.remove()
  }
}

for (const [first, second, more, downMs] of [
  ['uvs', 'uvs', 'advert_int 1', 3700],
  ['uvs', 'keepalived', 'advert_int 1', 3700],
  ['keepalived', 'uvs', 'advert_int 1', 3700],
  ['uvs', 'uvs', 'version 3\n  advert_int 0.1', 500],
  ['uvs', 'keepalived', 'version 3\n  advert_int 0.1', 500],
  ['uvs', 'keepalived', 'advert_int 1\n  authentication {\n    auth_type AH\n    auth_pass 1111\n  }', 3700],
] as const) {
  const about = more.replaceAll(/\s+/g, ' ')
  void t.test(`${first} (150) and ${second} (100), ${about}`, { skip }, t =>
    onWire(`${first}-${second}`, async wire => {
      wire.start('rs1', first, instance(150, more))
      wire.start('rs2', second, instance(100, more))
      await wire.masterIs('rs1', downMs + PATIENCE_MS)
      t.ok(await wire.answers(), 'the master answers')

      wire.signal('rs1', 'SIGTERM')
      const goodBye = await wire.masterIs('rs2', downMs + PATIENCE_MS)
      t.ok(goodBye < 700 + PATIENCE_MS, `after good-bye ${goodBye.toFixed(0)} ms`)
      t.ok(await wire.answers(), 'the other answers')

      await sleep(1200)
      wire.start('rs1', first, instance(150, more))
      const preempted = await wire.masterIs('rs1', downMs + PATIENCE_MS)
      t.ok(await wire.answers(), `preempted after ${preempted.toFixed(0)} ms, start included`)

      await wire.spaces.ip('wire', 'link', 'set', 'to-rs1', 'down')
      const pulled = await wire.masterIs('rs2', downMs + PATIENCE_MS)
      t.ok(await wire.answers(), `cable pulled: ${pulled.toFixed(0)} ms`)
      await wire.spaces.ip('wire', 'link', 'set', 'to-rs1', 'up')
      await wire.masterIs('rs1', downMs + PATIENCE_MS)
      t.ok(await wire.answersAtLast())

      const refused = `${wire.log('rs1')}${wire.log('rs2')}`
      t.notMatch(refused, /invalid|mismatch|wrong version|too (short|long)|Invalid|unexpected|not present/)
    }),
  )
}

t.test('kill -9 leaves the address; the next start takes it away, and comes back as a backup', { skip }, t =>
  onWire('kill', async wire => {
    wire.start('rs1', 'uvs', instance(150))
    wire.start('rs2', 'uvs', instance(100))
    await wire.masterIs('rs1', 3700 + PATIENCE_MS)
    const began = performance.now()
    wire.signal('rs1', 'SIGKILL')
    // The log says MASTER before the kernel has been asked for the address.
    const bothHold = async (): Promise<boolean> => (await wire.holds('rs1')) && (await wire.holds('rs2'))
    while (!(await bothHold()) && performance.now() - began < 3700 + PATIENCE_MS) await sleep(50)
    t.ok(await bothHold(), `both kernels have it, ${(performance.now() - began).toFixed(0)} ms after kill -9`)
    wire.start('rs1', 'uvs', instance(90))
    t.ok((await wire.masterIs('rs2', 1000 + PATIENCE_MS)) > 0)
    await sleep(4000)
    t.ok(await wire.holds('rs2'), 'and stays master')
    t.notOk(await wire.holds('rs1'))
  }),
)

t.test('an address that somebody takes away, and one that a reload adds', { skip }, t =>
  onWire('address', async wire => {
    wire.start('rs1', 'uvs', instance(150))
    await wire.masterIs('rs1', 3700 + PATIENCE_MS)
    await wire.spaces.ip('rs1', 'addr', 'del', `${VIP}/24`, 'dev', 'eth0')
    await until(() => wire.log('rs1').includes(`BACKUP: address ${VIP} was removed from eth0`), PATIENCE_MS)
    t.ok((await wire.masterIs('rs1', 500 + PATIENCE_MS)) < 500 + PATIENCE_MS, 'it is back after the skew time')
    writeFileSync(
      join(wire.spaces.ledger.dir, 'rs1.conf'),
      instance(150).replace(`${VIP}/24`, `${VIP}/24\n10.78.0.101/24`),
    )
    wire.signal('rs1', 'SIGHUP')
    const both = (): Promise<string> => wire.spaces.must('rs1', 'ip', ['-4', 'addr', 'show', 'dev', 'eth0'])
    for (let tries = 0; tries < 50 && !(await both()).includes('10.78.0.101/24'); tries++) await sleep(50)
    t.match(await both(), '10.78.0.101/24')
    t.ok(await wire.holds('rs1'))
    wire.signal('rs1', 'SIGTERM')
    await wire.masterIs(undefined, PATIENCE_MS)
    t.notMatch(await both(), '10.78.0.101')
  }),
)

for (const kind of ['uvs', 'keepalived'] as const)
  void t.test(
    `${kind}: an address that the host has already is the virtual router's, one of another length is not`,
    { skip },
    t =>
      onWire(`held-${kind}`, async wire => {
        const shown = async (): Promise<string[]> => {
          const out = await wire.spaces.must('rs1', 'ip', ['-4', '-o', 'addr', 'show', 'dev', 'eth0'])
          return [...out.matchAll(/inet (\S+)/g)].map(([, address]) => address!)
        }
        const becomes = async (...addresses: string[]): Promise<void> => {
          const isSo = async (): Promise<boolean> => (await shown()).join() === addresses.join()
          for (const end = performance.now() + 30_000; !(await isSo()) && performance.now() < end;) await sleep(20)
          t.strictSame(await shown(), addresses)
        }
        for (const length of [24, 32]) await wire.spaces.ip('rs1', 'addr', 'add', `${VIP}/${length}`, 'dev', 'eth0')
        const [own, other, virtual] = ['10.78.0.1/24', `${VIP}/32`, `${VIP}/24`]
        t.strictSame((await shown()).toSorted(), [own, virtual, other].toSorted())
        wire.start('rs1', kind, instance(150))
        await becomes(own, other)
        await becomes(own, other, virtual)
        wire.signal('rs1', 'SIGTERM')
        await becomes(own, other)
      }),
  )
