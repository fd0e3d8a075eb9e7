import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { MARK } from '../../netns-lab/ledger.js'
import type { Namespaces } from '../../netns-lab/namespaces.js'

const LIMIT_MS = 60_000

/** A program of ours in a namespace that replies to each line on its standard input with one on its standard output. */
export class LineProcess {
  readonly pid: number
  readonly #child
  readonly #waiting: ((line: string | undefined) => void)[] = []
  #words = ''

  /** `command`: a program and its arguments. It ends with the lab, or by `end`. */
  constructor(spaces: Namespaces, space: string, what: string, command: readonly string[]) {
    this.#child = spawn('ip', ['netns', 'exec', spaces.full(space), ...command], {
      env: { ...process.env, [MARK]: spaces.ledger.prefix },
    })
    this.#child.once('error', () => {}) // there is no pid then, which is reported below
    this.#child.stdin.on('error', () => {}) // the program has ended, which `ask` reports
    if (this.#child.pid === undefined) throw new Error(`${what} could not be started`)
    this.pid = this.#child.pid
    spaces.ledger.add(this.pid, what)
    this.#child.stderr.setEncoding('utf8').on('data', text => (this.#words += text))
    createInterface(this.#child.stdout).on('line', line => this.#waiting.shift()?.(line))
    this.#child.once('close', () => {
      for (const give of this.#waiting.splice(0)) give(undefined)
    })
  }

  /** Sends a line and resolves to the reply. */
  async ask(line: string, withinMs = LIMIT_MS): Promise<string> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) throw this.#failure(line)
    const answer = await new Promise<string | undefined>(resolve => {
      const timer = setTimeout(() => resolve(undefined), withinMs)
      this.#waiting.push(answer => {
        clearTimeout(timer)
        resolve(answer)
      })
      this.#child.stdin.write(`${line}\n`)
    })
    if (answer === undefined) throw this.#failure(line)
    return answer
  }

  /** Ends it by closing its standard input. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const closed = new Promise(resolve => this.#child.once('close', resolve))
    this.#child.stdin.end()
    await closed
  }

  #failure(line: string): Error {
    const error = /^\w*Error: .*$/m.exec(this.#words)?.[0] ?? this.#words.trim().split('\n').at(-1)
    return new Error(`no answer to '${line}'${error ? `: ${error}` : ''}`)
  }
}
