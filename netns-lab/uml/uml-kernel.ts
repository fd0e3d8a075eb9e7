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
/** What every kernel runs inside; its root is this machine's. */
const TOOLS = ['ipvsadm', 'modprobe', 'ip', 'sysctl', 'dash']

/** Boots in 2 s; a busy machine may need some more. */
const NUDGE_MS = 1000
const BOOT_MS = 60_000
const BOOTS = 3
const EXEC_MS = 60_000
const DOWN_MS = 5000

/** One line, or nothing if Linux as a process, with IPVS, can be had here. It needs no root. `tools`: others that are wanted inside. */
export function whyNoUml(tools: readonly string[] = []): string | undefined {
  if (!existsSync(LINUX) || !existsSync(MODULES)) return 'user-mode-linux is not installed'
  const missing = [...TOOLS, ...tools].filter(tool => !isThere(tool))
  return missing.length > 0 ? `not installed: ${missing.join(', ')}` : undefined
}

function isThere(tool: string): boolean {
  return TOOL_PATH.some(dir => existsSync(join(dir, tool)))
}

export interface UmlOptions {
  /** A directory for what passes between inside and outside. It is the caller's, and so is removing it. */
  dir: string
  /** Of main memory. */
  mebibytes: number
  /** As on its command line: 'vec0:transport=…', of user-mode-linux's vector driver. */
  interfaces: readonly string[]
  /** What it finds open from 4 on: the other ends of its wires. Closed here once it has them. */
  wires?: readonly Socket[]
  /** The command that starts it in another place: 'ip netns exec NAME'. */
  within?: readonly string[]
  env?: NodeJS.ProcessEnv
  /** Told each process that is started as the kernel. */
  onStart?: (child: ChildProcess) => void
}

/**
 * Linux 6.1 with its modules as a process (user-mode-linux); its root is this machine's, read-only. Its console is at the end of
 * a socket pair: it ends with this process, however that ends. All waiting is done in this thread.
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
   * Up, with nothing set. It happens that it dies while it boots; then it is tried again, with what `options` answers
   * then.
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

  /** Closes the console: once it has ended by itself, or to end it so. */
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
    // A group of its own: its address spaces are processes too, and known by it.
    const child = spawn(command, rest, { stdio, env, detached: true })
    child.once('error', () => {}) // its console is closed then, which is said below
    child.unref()
    if (child.pid !== undefined) onStart?.(child)
    closeSync(log)
    for (const socket of [this.#console, ...wires]) socket.closePeer()
    if (this.#readLine(BOOT_MS) !== 'ready') throw new KernelDown(`the kernel did not boot: ${this.#lastWords()}`)
  }

  #lastWords(): string {
    const log = join(this.#options.dir, 'boot.log')
    // The kernel empties the directory when it goes down as it should.
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
      // Beside much traffic it misses the signal that there is something to read, now and then: another empty line has it look.
      if (octets === 'nothing') this.#console.send(Buffer.from('\n'))
      if (octets === 'closed') throw new KernelDown(`the kernel is down: ${this.#lastWords()}`)
      if (octets !== 'nothing') this.#line += Buffer.from(octets).toString('latin1')
    }
  }

  /** Of what a crash may have left: each address space of the kernel is a process, all with our directory in their arguments. */
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
    return '' // gone meanwhile
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // gone meanwhile
  }
}
