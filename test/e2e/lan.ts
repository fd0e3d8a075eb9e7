import { setTimeout as sleep } from 'node:timers/promises'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { identify, isAlive, run, until } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours } from '../../netns-lab/tools.js'
import { unhooked } from './unhooked.js'

/*
 * uvs beside the kernel of a host with one NIC: 10.77.0.1 and the VIP are the kernel's, which serves ports 22, 80 and 8080 and echoes on 23.
 * Real servers: rs1 by NAT, rs2 by direct routing. All on one wire.
 */

export const SESSIONS = ours('netns-lab/beside/kept-sessions.js')
const HOST_SERVICES = ours('netns-lab/beside/host-services.js')
const MAIN = ours('src/cli/uvs/main.js')
export const [DIP, VIP, RS1, RS2] = ['10.77.0.1', '10.77.0.100', '10.77.0.11', '10.77.0.12']

/** Why it cannot be had here, or false. */
export async function whyNoLan(): Promise<string | false> {
  return (
    (await whyNoNamespaces()) ?? ((await run('curl', ['--version'])).status === 0 ? false : 'curl is not installed')
  )
}

/** Asks again and again until it is so; throws if it does not become so in time. */
export async function sooner(isSo: () => Promise<boolean>, limitMs: number): Promise<void> {
  for (const end = performance.now() + limitMs; !(await isSo());) {
    if (performance.now() > end) throw new Error(`not so after ${limitMs} ms: ${isSo}`)
    await sleep(50)
  }
}

/** Below those of logged-requests.ts. */
const FIRST_PORT = 2000

export class Lan {
  readonly control: string
  #asked = 0
  constructor(readonly spaces: Namespaces) {
    this.control = spaces.ledger.control
  }

  async build(): Promise<void> {
    const { spaces } = this
    for (const name of ['client', 'director', 'rs1', 'rs2', 'wire']) await spaces.add(name)
    for (const name of ['client', 'director', 'rs1', 'rs2']) await spaces.cable(name, 'eth0', 'wire', `to-${name}`)
    await spaces.bridge('wire', 'br0', ['to-client', 'to-director', 'to-rs1', 'to-rs2'])
    await spaces.ip('client', 'addr', 'add', '10.77.0.10/24', 'dev', 'eth0')
    await spaces.ip('director', 'addr', 'add', `${DIP}/24`, 'dev', 'eth0')
    await spaces.ip('director', 'addr', 'add', `${VIP}/32`, 'dev', 'lo')
    for (const [name, rip] of [
      ['rs1', RS1],
      ['rs2', RS2],
    ] as const) {
      await spaces.ip(name, 'addr', 'add', `${rip}/24`, 'dev', 'eth0')
      spaces.start(name, name, 'env', unhooked([ours('netns-lab/name-server.js'), name, '80']))
    }
    await spaces.ip('rs1', 'route', 'add', '10.77.0.10/32', 'via', DIP)
    await spaces.must('rs2', 'sysctl', ['-qw', 'net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.all.arp_announce=2'])
    await spaces.ip('rs2', 'addr', 'add', `${VIP}/32`, 'dev', 'lo')
    spaces.start('director', 'kernel', 'env', unhooked([HOST_SERVICES, '23', '22', '80', '8080']))
  }

  /** A director beside the kernel; it has come up. */
  async start(name = 'eth0', ...more: string[]): Promise<{ pid: number; said: () => string }> {
    const command = unhooked([MAIN, 'director', '--raw', name, '--control', this.control, ...more])
    const before = this.spaces.logged('director').length
    const { pid } = this.spaces.start('director', 'director', 'env', command)
    const said = (): string => this.spaces.logged('director').slice(before)
    const id = identify(pid)
    await until(() => said().includes('ready') || !id || !isAlive(id), 60_000)
    if (!said().includes('ready')) throw new Error(`uvs director did not become ready: ${said()}`)
    return { pid, said }
  }
  async admin(...args: string[]): Promise<void> {
    const { status, err } = await run(process.execPath, [
      ours('src/cli/uvsadm/main.js'),
      ...args,
      '--control',
      this.control,
    ])
    if (status !== 0) throw new Error(`uvsadm ${args.join(' ')}: ${err}`)
  }
  /** What `uvs` prints on standard output. */
  async uvs(...args: string[]): Promise<string> {
    const { status, out, err } = await run(process.execPath, [MAIN, ...args, '--control', this.control])
    if (status !== 0) throw new Error(`uvs ${args.join(' ')}: ${err}`)
    return out
  }
  /**
   * Who answers a request, or curl's word for why nobody does. No port is used twice, nor one that a kernel gives to others: with such a one
   * there may still be a connection to a real server that is dead, whose packets are dropped.
   */
  async ask(at: string, from = 'client'): Promise<string> {
    const port = String(FIRST_PORT + this.#asked++)
    const { status, out } = await this.spaces.run(from, 'curl', [
      '-s',
      '-m',
      '10',
      '--local-port',
      port,
      `http://${at}/`,
    ])
    return status === 0 ? out.trim() : `curl ${status}`
  }
  async askTimes(times: number, at: string): Promise<Record<string, number>> {
    const who: Record<string, number> = {}
    for (let i = 0; i < times; i++) {
      const name = await this.ask(at)
      who[name] = (who[name] ?? 0) + 1
    }
    return who
  }
  /** Until real servers answer at the VIP again. */
  async resumes(): Promise<void> {
    await sooner(async () => (await this.ask(`${VIP}:80`)).startsWith('rs'), 30_000)
  }
}
