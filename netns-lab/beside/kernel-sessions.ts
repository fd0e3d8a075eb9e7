import { readFileSync } from 'node:fs'
import type { Check } from '../../native-free/lab-report.js'
import type { Namespaces } from '../namespaces.js'
import { until } from '../proc.js'
import { ours } from '../tools.js'

/** Within this time both sessions report, if they live. */
const REPORTS_MS = 30_000
/** A longer time without an answer is no load's doing: retransmissions come after 0.2, 0.6, 1.4 and 3 s. */
const SILENCE_MS = 5000

/** The client's long sessions with the director's kernel: kept-sessions.ts, read by its output. */
export class KernelSessions {
  private constructor(
    private readonly log: string,
    private readonly sessions: readonly string[],
    private readonly signal?: AbortSignal,
  ) {}

  static async begin(spaces: Namespaces, sessions: readonly string[]): Promise<KernelSessions> {
    const command = [ours('netns-lab/beside/kept-sessions.js'), ...sessions]
    const { log } = spaces.start('client', 'sessions', process.execPath, command)
    const begun = new KernelSessions(log, sessions, spaces.signal)
    await begun.goOn()
    return begun
  }

  /** Lines that came back so far, by session. */
  echoed(): Record<string, number> {
    return Object.fromEntries(this.sessions.map(at => [at, this.#reports(at).at(-1)?.lines ?? 0]))
  }

  /** Waits until each has reported again; a session that has ended does not. */
  async goOn(): Promise<void> {
    const before = this.sessions.map(at => this.#reports(at).length)
    const again = (): boolean => this.sessions.every((at, i) => this.#reports(at).length > before[i]!)
    await until(() => again() || this.#lost() !== undefined, REPORTS_MS, this.signal)
  }

  /** `phases`: through how many states of the director they have lived. */
  check(phases: number): Check {
    const echoed = Object.entries(this.echoed())
    const silence = Math.max(...this.sessions.map(at => this.#reports(at).at(-1)?.silence ?? Infinity))
    const lines = echoed.map(([at, count]) => `${at} echoed ${count} lines`).join(', ')
    const detail = this.#lost() ?? `${lines}, the longest silence was ${silence} ms`
    const holds = this.#lost() === undefined && silence < SILENCE_MS && echoed.every(([, count]) => count > 0)
    return { name: `the kernel’s sessions lived through all ${phases}`, holds, detail }
  }

  #lost(): string | undefined {
    return /^LOST (.*)$/m.exec(readFileSync(this.log, 'utf8'))?.[1]
  }

  #reports(at: string): { lines: number; silence: number }[] {
    return readFileSync(this.log, 'utf8')
      .split('\n')
      .filter(line => line.startsWith(`KEPT ${at} `))
      .map(line => line.split(' ').slice(2).map(Number))
      .map(([lines = 0, silence = Infinity]) => ({ lines, silence }))
  }
}
