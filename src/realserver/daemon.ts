import { rmSync } from 'node:fs'
import { setImmediate as breathe } from 'node:timers/promises'
import { messageOf } from '../linux/error-text.js'
import { readOwnFile, writeOwnFile } from '../linux/own-file.js'
import type { Decapsulator, DecapsulatorOptions } from './decapsulator.js'
import type { ProgramState } from './ingress-program.js'
import { readState } from './read-state.js'

/*
 * The decapsulator's process: node daemon.js, with a channel to its parent. It starts when the parent sends its task, replies
 * when frames flow, and then no longer needs its parent. SIGTERM and SIGINT end it; SIGUSR1 makes it write its answer;
 * SIGHUP makes it apply the state file.
 */

/** The parent's message. */
export interface Begin {
  options: DecapsulatorOptions
  /** The file for its answer. */
  answer: string
  /** The state file. */
  state: string
}
/** The daemon's reply: frames flow, or why not. */
export type Began = { ready: true } | { error: string }
/** The answer to SIGUSR1. */
export interface Answer {
  /** The options in effect. */
  options: DecapsulatorOptions
  counters: Record<string, number>
  /** Where the program hangs that takes tunnels before the process does; not there: none is wanted. */
  program?: ProgramState | undefined
  /** The options of the last SIGHUP, and why they are not in effect. */
  refused?: { options: DecapsulatorOptions | undefined; error: string } | undefined
}

const IDLE_MS = 250
/** Turns of handling frames between two checks for signals. */
const TURNS = 64

const ending = new AbortController()
let begun = false
let refused: Answer['refused']
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ending.abort())
process.on('SIGHUP', () => {})
process.once('disconnect', () => {
  if (!begun) process.exit(1) // the parent has gone before it noted our pid: nothing could ever stop us
})
process.once('message', (begin: Begin) => void run(begin))

async function run({ options, answer, state }: Begin): Promise<void> {
  let decapsulator: Decapsulator
  try {
    const loaded = await import('./decapsulator.js')
    decapsulator = new loaded.Decapsulator(options)
  } catch (error) {
    process.send!({ error: messageOf(error) } satisfies Began, () => process.exit(1))
    return
  }
  process.on('SIGUSR1', () => writeAnswer(answer, decapsulator))
  process.on('SIGHUP', () => change(decapsulator, state))
  begun = true
  process.send!({ ready: true } satisfies Began, () => {
    if (process.connected) process.disconnect()
  })
  await decapsulate(decapsulator)
  decapsulator.close()
  rmSync(answer, { force: true })
}

async function decapsulate(decapsulator: Decapsulator): Promise<void> {
  let turns = 0
  while (!ending.signal.aborted) {
    const frames = decapsulator.turn()
    if (frames > 0 && ++turns % TURNS !== 0) continue
    await breathe()
    if (frames === 0 && !ending.signal.aborted) decapsulator.wait(IDLE_MS)
  }
}

function change(decapsulator: Decapsulator, file: string): void {
  refused = undefined
  let options: DecapsulatorOptions | undefined
  try {
    options = readState(readOwnFile(file) ?? '').decapsulator?.options
    if (options) decapsulator.change(options)
  } catch (error) {
    refused = { options, error: messageOf(error) }
  }
}

function writeAnswer(file: string, decapsulator: Decapsulator): void {
  const { options, program } = decapsulator
  const answer: Answer = { options, counters: decapsulator.counters(), program, refused }
  writeOwnFile(file, JSON.stringify(answer))
}
