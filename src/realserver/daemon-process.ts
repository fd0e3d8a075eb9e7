import { fork } from 'node:child_process'
import { closeSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { createOwnFile, readOwnFile } from '../linux/own-file.js'
import { identify, isAlive, type ProcessId } from '../linux/process-id.js'
import type { Answer, Began, Begin } from './daemon.js'
import { DAEMON, signalDaemon, whoIs } from './daemon-identity.js'
import type { DecapsulatorOptions } from './decapsulator.js'
import { readAnswer } from './read-answer.js'
import type { StateFile } from './state-file.js'

const START_MS = 15_000
const END_MS = 3000
const ANSWER_MS = 2000

/**
 * Starts the decapsulator's process; resolves when frames flow. `note` is called with its pid before it does
 * anything: if this process dies before `note` has returned, the decapsulator ends too. Throws the daemon's complaint.
 */
export async function startDaemon(
  options: DecapsulatorOptions,
  files: StateFile,
  note: (id: ProcessId) => void,
): Promise<void> {
  const log = createOwnFile(files.log)
  const child = fork(DAEMON, { detached: true, stdio: ['ignore', log, log, 'ipc'], execArgv: [] })
  closeSync(log)
  const began = new Promise<Began>(resolve => {
    child.once('message', message => resolve(message as Began))
    child.once('error', ({ message }) => resolve({ error: message }))
    child.once('exit', () => resolve({ error: lastLine(files) ?? 'the decapsulator ended at once' }))
    setTimeout(() => resolve({ error: `the decapsulator is not ready after ${START_MS / 1000} s` }), START_MS).unref()
  })
  const id = child.pid === undefined ? undefined : identify(child.pid)
  if (id) {
    note(id)
    child.send({ options, answer: files.answer, state: files.path } satisfies Begin)
  }
  const answer = await began
  child.removeAllListeners()
  if (child.connected) child.disconnect()
  child.unref()
  if ('ready' in answer) return
  if (id) await endDaemon(id)
  throw new Error(answer.error)
}

/** Ends the daemon: SIGTERM, then SIGKILL if it takes too long. Everything that it held is free afterwards. */
export async function endDaemon(id: ProcessId): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!signalDaemon(id, signal)) return
    const until = performance.now() + END_MS
    while (isAlive(id) && performance.now() < until) await sleep(5)
  }
}

/**
 * Makes the daemon apply the state file, which now says `wanted`. Returns false if it does not answer; throws its
 * complaint if it refuses, and then it goes on with its earlier options.
 */
export async function changeDaemon(id: ProcessId, wanted: DecapsulatorOptions, files: StateFile): Promise<boolean> {
  if (!signalDaemon(id, 'SIGHUP')) return false
  const until = performance.now() + ANSWER_MS
  while (performance.now() < until) {
    const answer = await askDaemon(id, files)
    if (!answer) return false
    if (isDeepStrictEqual(answer.options, wanted)) return true
    const { refused } = answer
    if (refused && isDeepStrictEqual(refused.options, wanted)) throw new Error(refused.error)
  }
  return false
}

/** The daemon's options and counters; undefined if it does not answer. */
export async function askDaemon(id: ProcessId, { answer }: StateFile): Promise<Answer | undefined> {
  if (whoIs(id) !== 'daemon') return undefined
  rmSync(answer, { force: true })
  if (!signalDaemon(id, 'SIGUSR1')) return undefined
  const until = performance.now() + ANSWER_MS
  while (isAlive(id) && performance.now() < until) {
    await sleep(5)
    try {
      const text = readOwnFile(answer)
      if (text !== undefined) return readAnswer(text)
    } catch {
      return undefined // a malformed answer counts as none
    }
  }
  return undefined
}

/** The last line that the daemon wrote, if it wrote any. */
export function lastLine({ log }: StateFile): string | undefined {
  return readOwnFile(log)?.trim().split('\n').at(-1) || undefined
}
