import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { identify, isAlive, type ProcessId } from '../io/process-id.js'
import type { DecapsulatorOptions } from './decapsulator.js'
import type { Change } from './journal.js'

/** A decapsulator that was started, and what it was told. */
export interface Running {
  options: DecapsulatorOptions
  process: ProcessId
}

/** What this namespace's real server is. */
export interface State {
  /** The namespace's number for good; the inode of the file's name may be given again. */
  cookie?: string | undefined
  /** VIP → whether tunnels are opened for it. */
  vips: Record<string, { tunnel: boolean }>
  /** How tunnels are opened. */
  way?: 'kernel' | 'userspace'
  changes: Change[]
  decapsulator?: Running
}

const PATIENCE_MS = 15_000

/** The files of this network namespace's real server. */
export class StateFile {
  readonly path: string
  /** What the decapsulator writes: what it complains of, and what it does and counts when it is asked. */
  readonly log: string
  readonly answer: string
  readonly #lock: string

  constructor(
    readonly directory: string,
    readonly cookie?: string,
  ) {
    const base = join(directory, `realserver-${statSync('/proc/self/ns/net').ino}`)
    this.path = `${base}.json`
    this.log = `${base}.log`
    this.answer = `${base}.answer`
    this.#lock = `${base}.lock`
  }

  /** An empty state where there is no file, or one of a namespace that is gone. */
  load(): State {
    const empty: State = { cookie: this.cookie, vips: {}, changes: [] }
    let text
    try {
      text = readFileSync(this.path, 'utf8')
    } catch {
      return empty
    }
    try {
      const state = JSON.parse(text) as State
      const isGone = state.cookie !== undefined && this.cookie !== undefined && state.cookie !== this.cookie
      return isGone ? empty : state
    } catch (error) {
      throw new Error(`${this.path} is damaged: set right by hand what it names, then delete it`, { cause: error })
    }
  }

  /** Whole or not at all. No file when there is nothing to undo. */
  save(state: State): void {
    if (Object.keys(state.vips).length === 0 && state.changes.length === 0 && !state.decapsulator) {
      for (const file of [this.path, this.log, this.answer]) rmSync(file, { force: true })
      return
    }
    mkdirSync(this.directory, { recursive: true })
    writeFileSync(`${this.path}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
    renameSync(`${this.path}.new`, this.path)
  }

  /** Runs `work` while nobody else does with this lock. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    mkdirSync(this.directory, { recursive: true })
    const until = performance.now() + PATIENCE_MS
    while (!this.#take()) {
      if (performance.now() > until) throw new Error(`process ${this.#owner()?.pid} is starting or stopping it too`)
      await sleep(20)
    }
    try {
      return await work()
    } finally {
      rmSync(this.#lock, { force: true })
    }
  }

  /** The lock has its owner from its first moment. One whose owner is dead is taken away for the next look. */
  #take(): boolean {
    const mine = `${this.#lock}.${process.pid}`
    writeFileSync(mine, JSON.stringify(identify(process.pid)), { mode: 0o600 })
    try {
      linkSync(mine, this.#lock)
      return true
    } catch {
      const owner = this.#owner()
      if (owner && !isAlive(owner)) rmSync(this.#lock, { force: true })
      return false
    } finally {
      rmSync(mine, { force: true })
    }
  }

  #owner(): ProcessId | undefined {
    try {
      return JSON.parse(readFileSync(this.#lock, 'utf8')) as ProcessId
    } catch {
      return undefined // gone
    }
  }
}
