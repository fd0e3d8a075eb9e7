import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { promisify } from 'node:util'
import { ip } from './own-network.js'

const PATIENCE_MS = 20_000

/** A network namespace beside that of the test (own-network.ts): it lives as long as a process that waits in it, at most as long as this one. */
export class OtherNetwork {
  readonly #holder: ChildProcess

  constructor() {
    this.#holder = spawn('unshare', ['--net', 'cat'])
    const until = performance.now() + PATIENCE_MS
    while (networkOf(this.#pid) === networkOf('thread-self'))
      if (performance.now() > until) throw new Error('no other network')
  }

  /** Moves an interface there, sets it up and gives it an address. */
  take(link: string, cidr: string): void {
    ip(`link set ${link} netns ${this.#pid}`)
    for (const line of [`addr add ${cidr} dev ${link}`, `link set ${link} up`, 'link set lo up'])
      this.run('ip', ...line.split(' '))
  }
  run(command: string, ...words: string[]): string {
    return execFileSync('nsenter', [...this.#enter, command, ...words], { encoding: 'utf8' })
  }
  /** Runs a program of these tests, a path from this file's; returns what it says. */
  async program(path: string, ...words: string[]): Promise<string> {
    const file = new URL(path, import.meta.url).pathname
    return (await promisify(execFile)('nsenter', [...this.#enter, process.execPath, file, ...words])).stdout
  }
  spawn(command: string, ...words: string[]): ChildProcess {
    return spawn('nsenter', [...this.#enter, command, ...words], { stdio: ['pipe', 'pipe', 'inherit'] })
  }
  close(): void {
    this.#holder.kill('SIGKILL')
  }

  get #pid(): string {
    return String(this.#holder.pid)
  }
  get #enter(): string[] {
    return ['--net', '--target', this.#pid]
  }
}

function networkOf(pid: string): string {
  return readlinkSync(`/proc/${pid}/ns/net`)
}
