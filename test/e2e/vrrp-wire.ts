import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces, type Started } from '../../netns-lab/namespaces.js'
import { run } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours } from '../../netns-lab/tools.js'
import { sooner } from './lan.js'
import { unhooked } from './unhooked.js'

/* Two routers of one virtual address on one wire, beside their kernels, each uvs or the real keepalived. A client asks the address. */

export const VIP = '10.78.0.100'
const CONNECT = `
  const socket = require('node:net').connect(9, '${VIP}')
  const end = error => { console.log(error.code); process.exit() }
  socket.on('error', end)
  setTimeout(end, 2000, { code: 'no answer' })`
/** What is to come comes in that time, however busy the machine is, ms. */
export const LIMIT_MS = 60_000
/** The client's kernel asks anew for an address that does not answer after so long, ms, at the earliest: no good without an announcement. */
const ANNOUNCED_MS = 10_000

export async function whyNoWire(): Promise<string | false> {
  const why = await whyNoNamespaces()
  if (why !== undefined) return why
  for (const tool of ['keepalived', 'tcpdump'])
    if ((await run('sh', ['-c', `command -v ${tool}`])).status !== 0) return `${tool} is not installed`
  return false
}

export const instance = (priority: number, more = 'advert_int 1'): string => `vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority ${priority}
  ${more}
  virtual_ipaddress { ${VIP}/24 }
}
`

export type Kind = 'uvs' | 'keepalived'
export type Name = 'rs1' | 'rs2'

export class Wire {
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
    return this.spaces.logged(name)
  }
  async holds(name: Name): Promise<boolean> {
    return (await this.spaces.must(name, 'ip', ['-4', 'addr', 'show', 'dev', 'eth0'])).includes(VIP)
  }
  /** Its exit status. */
  ended(name: Name): Promise<number | null> {
    return this.#started.get(name)!.ended()
  }
  /** Waits until a host, and no other, holds the address; returns how long that took, ms. */
  async masterIs(name: Name | undefined): Promise<number> {
    const began = performance.now()
    const isSo = async (): Promise<boolean> =>
      (await this.holds('rs1')) === (name === 'rs1') && (await this.holds('rs2')) === (name === 'rs2')
    await sooner(isSo, LIMIT_MS)
    return performance.now() - began
  }
  /**
   * Whether the kernel behind the address answers a client soon: by a reset, for nobody listens there. A bridge may lose the first
   * announcements after a cable is back: the second set comes 5 s later.
   */
  async answers(): Promise<boolean> {
    for (const end = performance.now() + ANNOUNCED_MS; performance.now() < end;) if (await this.#answers()) return true
    return false
  }
  async #answers(): Promise<boolean> {
    const { out } = await this.spaces.run('client', process.execPath, ['-e', CONNECT])
    return out.trim() === 'ECONNREFUSED'
  }
}

/** Does it on a wire of its own, which is removed again. */
export async function onWire(what: string, doIt: (wire: Wire) => Promise<void>): Promise<void> {
  const ledger = await Ledger.open(`uvs-vrrp-${what}-${process.pid}-`)
  try {
    const wire = new Wire(new Namespaces(ledger))
    await wire.build()
    await doIt(wire)
  } finally {
    await ledger.remove()
  }
}
