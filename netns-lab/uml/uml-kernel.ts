import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Outcome } from '../../src/control/protocol/api.js'
import { refuseXstateWhereAmx } from './amx.js'
import { INIT } from './init.js'
import { KernelDown } from './kernel-down.js'
import { Socket, STREAM, waitFor } from './sockets.js'

const LINUX = '/usr/bin/linux.uml'
const MODULES = '/usr/lib/uml/modules'
const TOOL_PATH = ['/usr/sbin', '/usr/bin', '/sbin', '/bin']
/** Programs that every kernel needs in the host's file system, which is its root. */
const TOOLS = ['ipvsadm', 'modprobe', 'ip', 'sysctl', 'dash']

/** Booting takes 2 s, longer on a busy host. */
const NUDGE_MS = 1000
const BOOT_MS = 60_000
const BOOTS = 3
const EXEC_MS = 60_000
const DOWN_MS = 5000

/** Why Linux as a process, with IPVS, cannot run here; undefined if it can. Needs no root. `tools`: further programs needed. */
export function whyNoUml(tools: readonly string[] = []): string | undefined {
  if (!existsSync(LINUX) || !existsSync(MODULES)) return 'user-mode-linux is not installed'
  const missing = [...TOOLS, ...tools].filter(tool => !isThere(tool))
  return missing.length > 0 ? `not installed: ${missing.join(', ')}` : undefined
}

function isThere(tool: string): boolean {
  return TOOL_PATH.some(dir => existsSync(join(dir, tool)))
}

export interface UmlOptions {
  /** A directory shared by inside and outside. The caller makes and removes it. */
  dir: string
  /** Size of main memory. */
  mebibytes: number
  /** Options of the kernel's command line: 'vec0:transport=…', for user-mode-linux's vector driver. */
  interfaces: readonly string[]
  /** File descriptors that it gets from 4 on: the other ends of its wires. Closed here once it has them. */
  wires?: readonly Socket[]
  /** A command prefix that starts it elsewhere: 'ip netns exec NAME'. */
  within?: readonly string[]
  env?: NodeJS.ProcessEnv
  /** Called with the pid of each process that is started as the kernel. */
  onStart?: (child: ChildProcess) => void
}

/**
 * Linux 6.1 with its modules as a process (user-mode-linux); its root is the host's, read-only. Its console is one end of a
 * socket pair, so the kernel ends with this process, however that ends. This thread blocks while it waits.
 */
export class UmlKernel {
  readonly #options: UmlOptions
  readonly #console = new Socket(STREAM)
  #line = ''
  #requests = 0
  #isOpen = true

  private constructor(options: UmlOptions) {
    this.#options = options
  }

  /**
   * Boots a kernel with nothing configured. At times it dies while it boots; then it is started again, with a new result
   * of `options`.
   */
  static boot(options: () => UmlOptions): UmlKernel {
    for (let left = BOOTS - 1; ; left--) {
      const kernel = new UmlKernel(options())
      try {
        kernel.#start()
        return kernel
      } catch (error) {
        kernel.down()
        if (left === 0 || !(error instanceof KernelDown)) throw error
      }
    }
  }

  /** Runs a shell script inside. */
  run(script: string, withinMs = EXEC_MS): Outcome {
    const id = ++this.#requests
    const file = (name: string) => join(this.#options.dir, `${name}.${id}`)
    writeFileSync(file('req'), script)
    this.#console.send(Buffer.from(`${id}\n`))
    const answer = this.#readLine(withinMs)
    if (!answer.startsWith(`${id} `)) throw new KernelDown(`the kernel answered '${answer}' to request ${id}`)
    const [out, err] = ['out', 'err'].map(name => readFileSync(file(name), 'utf8')) as [string, string]
    for (const name of ['req', 'out', 'err']) rmSync(file(name))
    return { status: Number(answer.split(' ')[1]), out, err }
  }

  mustRun(script: string, withinMs = EXEC_MS): void {
    const { status, out, err } = this.run(script, withinMs)
    if (status !== 0 || err !== '') throw new KernelDown(`inside the kernel, status ${status}: ${out}${err}`)
  }

  /** Ends it. */
  down(): void {
    try {
      this.#console.send(Buffer.from('poweroff\n'))
      this.#readLine(DOWN_MS)
    } catch {
      // Closed: it is down.
    }
    for (const pid of this.#pids()) killIfThere(pid)
    this.close()
  }

  /** Closes the console: after the kernel has ended, or to end it. */
  close(): void {
    if (this.#isOpen) this.#console.close()
    this.#isOpen = false
  }

  #start(): void {
    const { dir, interfaces, within = [], wires = [], mebibytes, env = process.env, onStart } = this.#options
    const init = join(dir, 'init')
    writeFileSync(init, INIT)
    chmodSync(init, 0o755)
    const root = ['root=/dev/root', 'rootfstype=hostfs', 'ro', `init=${init}`, `umlctl=${dir}`]
    const consoles = ['con=null', 'con0=null,fd:1', 'ssl=null', 'ssl0=fd:3']
    const args = [`mem=${mebibytes}M`, 'umid=uvs', `uml_dir=${dir}`, ...root, ...consoles, ...interfaces]
    const [command = LINUX, ...rest] = [...within, LINUX, ...args, 'noreboot', 'panic=-1', ...refuseXstateWhereAmx()]
    const log = openSync(join(dir, 'boot.log'), 'w')
    const stdio = ['ignore' as const, log, log, this.#console.peer, ...wires.map(({ peer }) => peer)]
    // A process group of its own, which also identifies its address spaces, which are processes too.
    const child = spawn(command, rest, { stdio, env, detached: true })
    child.once('error', () => {}) // its console is closed then, which is reported below
    child.unref()
    if (child.pid !== undefined) onStart?.(child)
    closeSync(log)
    for (const socket of [this.#console, ...wires]) socket.closePeer()
    if (this.#readLine(BOOT_MS) !== 'ready') throw new KernelDown(`the kernel did not boot: ${this.#lastWords()}`)
  }

  #lastWords(): string {
    const log = join(this.#options.dir, 'boot.log')
    // On a clean shutdown the kernel empties the directory.
    const words = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').at(-1) : ''
    return words || 'it has said nothing'
  }

  #readLine(ms: number): string {
    const end = performance.now() + ms
    for (;;) {
      const newline = this.#line.indexOf('\n')
      if (newline >= 0) {
        const line = this.#line.slice(0, newline)
        this.#line = this.#line.slice(newline + 1)
        return line
      }
      const left = end - performance.now()
      if (left <= 0) throw new KernelDown('the kernel does not answer')
      waitFor([this.#console], Math.min(left, NUDGE_MS))
      const octets = this.#console.receive()
      // Under heavy traffic the kernel misses now and then the signal for input; another empty line makes it look again.
      if (octets === 'nothing') this.#console.send(Buffer.from('\n'))
      if (octets === 'closed') throw new KernelDown(`the kernel is down: ${this.#lastWords()}`)
      if (octets !== 'nothing') this.#line += Buffer.from(octets).toString('latin1')
    }
  }

  /** What a crash may have left: each address space of the kernel is a process, all with our directory in their arguments. */
  #pids(): number[] {
    const isOurs = (pid: string) => commandLineOf(pid).split('\0').includes(`uml_dir=${this.#options.dir}`)
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name) && isOurs(name))
      .map(Number)
  }
}

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return '' // the process has gone meanwhile
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // the process has gone meanwhile
  }
}
