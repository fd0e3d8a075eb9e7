import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { type Ledger, MARK } from './ledger.js'
import { type Ended, identify, isAlive, must, run, until } from './proc.js'

/** No unsolicited frames, no forwarding by the kernel, and no reverse path filter. */
const SYSCTLS = [
  'net.ipv6.conf.all.disable_ipv6=1',
  'net.ipv6.conf.default.disable_ipv6=1',
  'net.ipv4.ip_forward=0', // a new namespace takes this from the host's
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.default.rp_filter=0',
]

/** A program begins to listen within, ms: a machine may be busy with much else. */
const LISTEN_MS = 30_000

export interface Started {
  pid: number
  /** The file that its output goes to. */
  log: string
  /** Waits for its end: the exit status, null after a signal. Optional: otherwise its end goes unnoticed. */
  ended(): Promise<number | null>
}

/** A lab's network namespaces, by their names without prefix, and the commands run inside them. */
export class Namespaces {
  constructor(
    readonly ledger: Ledger,
    readonly signal?: AbortSignal,
  ) {}

  /** The name as `ip netns` knows it. */
  full(name: string): string {
    return this.ledger.prefix + name
  }

  async add(name: string): Promise<void> {
    this.ledger.addSpace(name)
    await this.#ip('netns', 'add', this.full(name))
    await this.ip(name, 'link', 'set', 'lo', 'up')
    await this.must(name, 'sysctl', ['-qew', ...SYSCTLS])
  }

  /** Runs `ip ARGS` inside. */
  async ip(name: string, ...args: string[]): Promise<void> {
    await this.#ip('-n', this.full(name), ...args)
  }

  /** The processes inside. */
  async pids(name: string): Promise<number[]> {
    const list = await must('ip', ['netns', 'pids', this.full(name)], { signal: this.signal })
    return list.split('\n').filter(Boolean).map(Number)
  }

  /** Makes a veth pair between two namespaces, both ends up. */
  async cable(a: string, aName: string, b: string, bName: string): Promise<void> {
    const peer = ['peer', 'name', bName, 'netns', this.full(b)]
    await this.#ip('link', 'add', aName, 'netns', this.full(a), 'type', 'veth', ...peer)
    await this.ip(a, 'link', 'set', aName, 'up')
    await this.ip(b, 'link', 'set', bName, 'up')
  }

  /** Makes a bridge without address and without forwarding delay, with these interfaces as its ports. */
  async bridge(name: string, bridge: string, ports: readonly string[]): Promise<void> {
    await this.ip(name, 'link', 'add', bridge, 'type', 'bridge', 'forward_delay', '0', 'mcast_snooping', '0')
    for (const port of ports) await this.ip(name, 'link', 'set', port, 'master', bridge)
    await this.ip(name, 'link', 'set', bridge, 'up')
  }

  /** Runs a command inside, to its end. */
  run(name: string, command: string, args: readonly string[], timeoutMs = 30_000): Promise<Ended> {
    return run('ip', ['netns', 'exec', this.full(name), command, ...args], this.#options(timeoutMs))
  }

  /** Runs a command inside, which must succeed. Returns its standard output. */
  must(name: string, command: string, args: readonly string[], timeoutMs = 30_000): Promise<string> {
    return must('ip', ['netns', 'exec', this.full(name), command, ...args], this.#options(timeoutMs))
  }

  /**
   * Starts a process inside that runs until the lab is removed; with undefined for a name, in our own namespace. (`ip netns exec` becomes
   * the command, so the pid is the command's.)
   */
  start(name: string | undefined, what: string, command: string, args: readonly string[]): Started {
    const log = this.#logOf(what)
    const fd = openSync(log, 'a')
    const [file, ...words] = name === undefined ? [command] : ['ip', 'netns', 'exec', this.full(name), command]
    const child = spawn(file!, [...words, ...args], {
      stdio: ['ignore', fd, fd],
      detached: true, // so that Ctrl-C reaches only us, and we end our processes in order
      env: { ...process.env, [MARK]: this.ledger.prefix },
    })
    closeSync(fd)
    child.once('error', () => {}) // there is no pid then, which is reported below
    child.unref()
    if (child.pid === undefined) throw new Error(`${command} could not be started`)
    this.ledger.add(child.pid, what)
    const exit = new Promise<number | null>(resolve => child.once('exit', resolve))
    const ended = (): Promise<number | null> => {
      child.ref()
      return exit
    }
    return { pid: child.pid, log, ended }
  }

  /** Starts a program of Node's that says `listens at PLACE`. Resolves with the place. */
  async startListening(
    name: string | undefined,
    what: string,
    program: string,
    args: readonly string[],
  ): Promise<string> {
    const { pid } = this.start(name, what, process.execPath, [program, ...args])
    const id = identify(pid)
    const place = (): string | undefined => /^listens at (\S+)$/m.exec(this.logged(what))?.[1]
    await until(() => place() !== undefined || !id || !isAlive(id), LISTEN_MS, this.signal)
    const at = place()
    if (at === undefined) throw new Error(`${what} does not listen: ${this.logged(what).trim() || 'it said nothing'}`)
    return at
  }

  /** What was written so far to the log of what is started under this name. */
  logged(what: string): string {
    const log = this.#logOf(what)
    return existsSync(log) ? readFileSync(log, 'utf8') : ''
  }

  #logOf(what: string): string {
    return join(this.ledger.dir, `${what}.log`)
  }

  #options(timeoutMs: number): { timeoutMs: number; signal: AbortSignal | undefined; env: Record<string, string> } {
    return { timeoutMs, signal: this.signal, env: { [MARK]: this.ledger.prefix } }
  }

  #ip(...args: string[]): Promise<string> {
    return must('ip', args, { signal: this.signal })
  }
}
