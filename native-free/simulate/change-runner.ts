import type { DirectorStation } from './director-station.js'
import { DrainRun } from './drain-run.js'
import type { Ground } from './ground.js'
import type { RealServerStation } from './real-server-station.js'
import type { DrainResult } from './result.js'
import type { Change } from './scenario/scenario.js'
import { ScenarioError, type Path } from './scenario/scenario-error.js'

/** Carries out a line of uvs script on a director; returns what is wrong with it. */
export type RunLine = (director: DirectorStation, line: string) => Promise<string | undefined>

/** Carries out a scenario's changes. */
export class ChangeRunner {
  readonly drains: DrainResult[] = []
  /** Disturbances, for what came of them: failures, recoveries and partitions. */
  readonly shocks: { readonly text: string; readonly atMs: number }[] = []
  readonly #ground: Ground
  readonly #servers: readonly RealServerStation[]
  readonly #directors: readonly DirectorStation[]
  readonly #everybody: readonly string[]
  readonly #runLine: RunLine

  constructor(
    ground: Ground,
    servers: readonly RealServerStation[],
    directors: readonly DirectorStation[],
    clients: readonly string[],
    runLine: RunLine,
  ) {
    this.#ground = ground
    this.#servers = servers
    this.#directors = directors
    this.#everybody = [...clients, ...servers.map(({ name }) => name), ...directors.map(({ name }) => name)]
    this.#runLine = runLine
  }

  /** Lines of rules go to every director. ScenarioError with the line that is wrong. */
  async lines(lines: readonly string[], path: Path): Promise<void> {
    for (const [i, line] of lines.entries()) await this.#line(line, path.length === 1 ? [...path, i] : path)
  }

  async run(change: Change): Promise<void> {
    const { ledger, events } = this.#ground
    const text = textOf(change)
    ledger.event(events.nowMs, change.kind === 'run' ? 'rules' : change.kind, text, false)
    if (change.kind !== 'run' && change.kind !== 'drain') this.shocks.push({ text, atMs: events.nowMs })
    switch (change.kind) {
      case 'run':
        return this.#line(change.line, change.path)
      case 'fail':
      case 'recover':
        return this.#fail(change)
      case 'partition':
        return this.#eachPair(change.who, (one, other) => this.#ground.wires.cut(one, other))
      case 'heal':
        return this.#eachPair(change.who, (one, other) => this.#ground.wires.mend(one, other))
      case 'drain':
        new DrainRun(change, this.#server(change.who), this.#directors, this.#ground, this.drains).start()
    }
  }

  async #line(line: string, path: Path): Promise<void> {
    for (const director of this.#directors) {
      const wrong = await this.#runLine(director, line)
      if (wrong !== undefined) throw new ScenarioError(path, `${line}: ${wrong}`)
      director.settle()
    }
  }
  #fail(change: Change & { kind: 'fail' | 'recover' }): void {
    const director = this.#directors.find(({ name }) => name === change.who)
    if (director) director.isUp = change.kind === 'recover'
    else if (change.kind === 'fail') this.#server(change.who).fail(change.how)
    else this.#server(change.who).recover()
  }
  #server(name: string): RealServerStation {
    return this.#servers.find(server => server.name === name)!
  }
  #eachPair(who: readonly string[], each: (one: string, other: string) => void): void {
    const others = who.length === 1 ? this.#everybody : who
    for (const one of who) for (const other of others) if (one !== other) each(one, other)
  }
}

function textOf(change: Change): string {
  switch (change.kind) {
    case 'run':
      return change.line
    case 'fail':
      if (typeof change.how === 'object') return `${change.who} is ${change.how.slower} times slower`
      return change.how === 'silent' ? `${change.who} fails` : `${change.who} refuses connections`
    case 'recover':
      return `${change.who} recovers`
    case 'partition':
    case 'heal': {
      const verb = change.kind === 'partition' ? 'cut off from' : 'connected again with'
      const [first = '', ...rest] = change.who
      return `${first} is ${verb} ${rest.join(' and ') || 'all others'}`
    }
    case 'drain':
      return `${change.who} is drained`
  }
}
