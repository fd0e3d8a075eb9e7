import { Worker } from 'node:worker_threads'
import { SharedCounts } from '../../src/service/shared-counts.js'
import { type Figures, type Group, once, type Plan } from './measure.js'

/** A worker's options. It has the clients whose number modulo `of` is `index`. */
export interface WorkerShare {
  readonly count: number
  readonly index: number
  readonly of: number
  readonly plainPages: boolean
  /** The scheduler of new connections; without it, the worker handles packets of open connections. */
  readonly scheduler: string | undefined
  /** Where several workers count connections together. */
  readonly counts: SharedArrayBuffer | undefined
}
/** A worker's message after a run, and when it is ready. */
export interface Ran {
  readonly packets: number
  readonly ms: number
}

const RUN_MS = 300

/**
 * Packets a second of NAT, inbound: one worker thread with all connections, then two with half of them each, steered by the
 * client's address; and new connections with as many threads. Directors share only the counts of connections, which they
 * write only when they open or end one. The main thread only waits.
 */
export function workers({ connections, plainPages }: Plan): Group[] {
  const established = connections.map(count => group(`NAT, ${count} connections`, count, plainPages))
  const opening = ['rr', 'wlc'].map(by => group(`new connections and their ends, NAT, ${by}`, 0, plainPages, by))
  return [...established, ...opening]
}

function group(what: string, count: number, plainPages: boolean, scheduler?: string): Group {
  const name = `two workers beside one, ${what}`
  const one = once(() => teamOf(1, count, plainPages, scheduler))
  const two = once(() => teamOf(2, count, plainPages, scheduler))
  return { name, measures: [{ name, figures: async () => compare(await one(), await two()) }] }
}

async function compare(one: Team, two: Team): Promise<Figures> {
  const alone = await one.rate()
  const together = await two.rate()
  return {
    'times as many': together / alone,
    'million packets/s by one': alone / 1e6,
    'by two': together / 1e6,
  }
}

class Team {
  readonly #workers: readonly Worker[]

  constructor(made: readonly Worker[]) {
    this.#workers = made
  }
  /** Packets a second of all workers together. */
  async rate(): Promise<number> {
    const answers = this.#workers.map(answerOf)
    for (const worker of this.#workers) worker.postMessage(RUN_MS)
    const ran = await Promise.all(answers)
    return ran.reduce((sum, { packets, ms }) => sum + (packets / ms) * 1000, 0)
  }
}

async function teamOf(size: number, count: number, plainPages: boolean, scheduler?: string): Promise<Team> {
  const counts = size > 1 && scheduler !== undefined ? new SharedCounts().buffer : undefined
  const made = Array.from({ length: size }, (_, index) => {
    const workerData: WorkerShare = { count: Math.ceil(count / size), index, of: size, plainPages, scheduler, counts }
    return new Worker(new URL('worker.js', import.meta.url), { workerData })
  })
  await Promise.all(made.map(answerOf))
  return new Team(made)
}

function answerOf(worker: Worker): Promise<Ran> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
