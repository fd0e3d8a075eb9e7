import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Outcome } from '../../../src/control/api.js'
import { refuseXstateWhereAmx } from './amx.js'
import { KernelDown } from './kernel-down.js'
import { DATAGRAM, Socket, STREAM, waitFor } from './sockets.js'

/** Seen from dist/test/conformance/live. */
const SCRIPTS = fileURLToPath(new URL('../../../../test/conformance/uml', import.meta.url))

const LINUX = '/usr/bin/linux.uml'
const MODULES = '/usr/lib/uml/modules'
/** What runs inside; its root is this machine's. */
const TOOLS = ['ipvsadm', 'iptables-legacy', 'modprobe', 'rmmod', 'ip', 'sysctl', 'dash']
const TOOL_PATH = ['/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** Boots in 2 s; a busy machine may need some more. */
const BOOT_MS = 60_000
const BOOTS = 3
const EXEC_MS = 60_000
/** Takes half a second. */
const RESET_MS = 15_000
const DOWN_MS = 5000

/** One line, or nothing if the real kernel can be run here. It needs no root. */
export function whyNoKernel(): string | undefined {
  if (!existsSync(LINUX) || !existsSync(MODULES)) return 'user-mode-linux is not installed'
  const missing = TOOLS.filter(tool => !TOOL_PATH.some(dir => existsSync(join(dir, tool))))
  return missing.length > 0 ? `not installed: ${missing.join(', ')}` : undefined
}

/**
 * Linux 6.1 with IPVS as a process (user-mode-linux), its two Ethernet interfaces and its console at the ends of socket
 * pairs: no root, no namespace. It ends with this process, however that ends.
 */
export class Kernel {
  /** The clients' side and the real servers': one frame a datagram. */
  c = new Socket(DATAGRAM)
  r = new Socket(DATAGRAM)
  #console = new Socket(STREAM)
  readonly #dir = mkdtempSync(join(tmpdir(), 'uvs-live-'))
  #line = ''
  #requests = 0
  #isTrusted = true

  /** Up, with the addresses and neighbours of every recording. */
  static boot(): Kernel {
    const kernel = new Kernel()
    try {
      kernel.#boot()
      return kernel
    } catch (error) {
      kernel.down()
      throw error
    }
  }

  /**
   * Forgets everything that a scenario has left; by booting again where modules cannot be loaded anew. It happens that
   * the kernel waits for the last connection for ever.
   */
  reset(): void {
    const script = readFileSync(join(SCRIPTS, 'reset'), 'utf8')
    if (!this.#isTrusted || !this.#forgets(script)) {
      this.#renew()
      this.#boot()
      this.mustRun(script)
    }
    this.#isTrusted = true
  }

  /** It has not done what it should: the next reset boots it again. */
  distrust(): void {
    this.#isTrusted = false
  }

  /** Runs a shell script inside. */
  run(script: string, withinMs = EXEC_MS): Outcome {
    const id = ++this.#requests
    const file = (name: string) => join(this.#dir, `${name}.${id}`)
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

  down(): void {
    this.#stop()
    rmSync(this.#dir, { recursive: true, force: true })
  }

  #forgets(script: string): boolean {
    try {
      this.mustRun(script, RESET_MS)
      return true
    } catch {
      return false
    }
  }

  /** It happens that it dies while it boots. */
  #boot(): void {
    for (let left = BOOTS - 1; ; left--) {
      try {
        this.#start()
        return
      } catch (error) {
        if (left === 0 || !(error instanceof KernelDown)) throw error
        this.#renew()
      }
    }
  }

  /** What is left of it goes; there is a wire and a console for the next. */
  #renew(): void {
    this.#stop()
    this.c = new Socket(DATAGRAM)
    this.r = new Socket(DATAGRAM)
    this.#console = new Socket(STREAM)
  }

  #stop(): void {
    try {
      this.#console.send(Buffer.from('poweroff\n'))
      this.#readLine(DOWN_MS)
    } catch {
      // Closed: it is down.
    }
    for (const pid of this.#pids()) killIfThere(pid)
    for (const socket of [this.c, this.r, this.#console]) socket.close()
    this.#line = ''
  }

  #start(): void {
    const log = openSync(join(this.#dir, 'boot.log'), 'w')
    const { c, r } = this
    const child = spawn(LINUX, [...this.#commandLine(), ...refuseXstateWhereAmx()], {
      stdio: ['ignore', log, log, c.peer, r.peer, this.#console.peer],
    })
    child.once('error', () => {}) // its console is closed then, which is said below
    child.unref()
    closeSync(log)
    for (const socket of [c, r, this.#console]) socket.closePeer()
    if (this.#readLine(BOOT_MS) !== 'ready') throw new KernelDown(`the kernel did not boot: ${this.#lastWords()}`)
    this.mustRun(readFileSync(join(SCRIPTS, 'network'), 'utf8'))
  }

  #commandLine(): string[] {
    const interfaces = ['vec0:transport=fd,fd=3,mac=02:00:00:00:01:01', 'vec1:transport=fd,fd=4,mac=02:00:00:00:02:01']
    const consoles = ['con=null', 'con0=null,fd:1', 'ssl=null', 'ssl0=fd:5']
    const root = ['root=/dev/root', 'rootfstype=hostfs', 'ro', `init=${join(SCRIPTS, 'init')}`, `umlctl=${this.#dir}`]
    return ['mem=64M', 'umid=uvs', `uml_dir=${this.#dir}`, ...root, ...consoles, ...interfaces, 'noreboot', 'panic=-1']
  }

  #lastWords(): string {
    const log = join(this.#dir, 'boot.log')
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
      waitFor([this.#console], left)
      const octets = this.#console.receive()
      if (octets === 'closed') throw new KernelDown(`the kernel is down: ${this.#lastWords()}`)
      if (octets !== 'nothing') this.#line += Buffer.from(octets).toString('latin1')
    }
  }

  /** Of what a crash may have left: each address space of the kernel is a process, all with our directory in their arguments. */
  #pids(): number[] {
    const isOurs = (pid: string) => commandLineOf(pid).split('\0').includes(`uml_dir=${this.#dir}`)
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
