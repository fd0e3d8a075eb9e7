import { closeSync, linkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../linux/error-text.js'
import { createOwnFile, ownDirectory, readOwnFile, writeOwnFile } from '../linux/own-file.js'
import { identify, isAlive, type ProcessId } from '../linux/process-id.js'
import { whoIs } from './daemon-identity.js'
import { parse, readProcess, readState } from './read-state.js'
import type { State } from './state.js'

const PATIENCE_MS = 15_000

/** The files of this network namespace's real server. */
export class StateFile {
  readonly path: string
  /** The daemon's output: its complaints, and its answers (options and counters). */
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

  /** An empty state where there is no file, or where the file belongs to a namespace that is gone. */
  load(): State {
    const empty: State = { cookie: this.cookie, vips: {}, changes: [] }
    const text = readOwnFile(this.path)
    if (text === undefined) return empty
    try {
      const state = readState(text)
      if (state.cookie !== undefined && this.cookie !== undefined && state.cookie !== this.cookie) return empty
      mustBeNoStranger(state)
      return state
    } catch (error) {
      const why = messageOf(error)
      throw new Error(`${this.path} is damaged: ${why}: set right by hand what it names, then delete it`, {
        cause: error,
      })
    }
  }

  /** Writes the whole file or nothing; removes it when there is nothing to undo. */
  save(state: State): void {
    if (Object.keys(state.vips).length === 0 && state.changes.length === 0 && !state.decapsulator) {
      for (const file of [this.path, this.log, this.answer]) rmSync(file, { force: true })
      return
    }
    ownDirectory(this.directory)
    writeOwnFile(this.path, `${JSON.stringify(state, null, 2)}\n`)
  }

  /** Runs `work` while it holds this lock. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    ownDirectory(this.directory)
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

  /** The lock names its owner from the first moment. A lock whose owner is dead is removed; the caller tries again. */
  #take(): boolean {
    const mine = `${this.#lock}.${process.pid}`
    const fd = createOwnFile(mine)
    try {
      writeFileSync(fd, JSON.stringify(identify(process.pid)))
      linkSync(mine, this.#lock)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const owner = this.#owner()
      if (owner && !isAlive(owner)) rmSync(this.#lock, { force: true })
      return false
    } finally {
      closeSync(fd)
      rmSync(mine, { force: true })
    }
  }

  /** Undefined if the lock is free again. */
  #owner(): ProcessId | undefined {
    const text = readOwnFile(this.#lock, 2) // for a moment the lock file has a second link, `mine`
    try {
      return text === undefined ? undefined : readProcess(parse(text), 'it')
    } catch (error) {
      throw new Error(`${this.#lock} is damaged: ${messageOf(error)}: delete it`, { cause: error })
    }
  }
}

function mustBeNoStranger({ decapsulator }: State): void {
  if (decapsulator && whoIs(decapsulator.process) === 'stranger')
    throw new Error(`decapsulator.process: process ${decapsulator.process.pid} is no decapsulator of this namespace`)
}
