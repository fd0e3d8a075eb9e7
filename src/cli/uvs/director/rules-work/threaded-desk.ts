import { Worker } from 'node:worker_threads'
import { HttpRefusal } from '../../../../control/dashboard/answers.js'
import type { Linted, LintedService, RulesWork, Taken, Wanted } from '../../../../control/dashboard/rules-work.js'
import type { Control, MarkRuleInfo, ServiceKey } from '../../../../control/protocol/api.js'
import { jsonOfReply } from '../../../../control/protocol/reply-json.js'
import { messageOf } from '../../../../linux/error-text.js'
import { KEPT_MS } from './kept-plans.js'
import type { DeskData, FromDesk, ToDesk, Work } from './messages.js'

/** A thread that nobody has asked for so long ends, and gives its memory back, in ms: no plan of it counts any more. */
const IDLE_MS = KEPT_MS + 60_000

interface Waiting {
  resolve: (value: unknown) => void
  reject: (error: Error) => void
}

/** A rules desk in a thread of its own, which begins with the first that asks. */
export class ThreadedDesk implements RulesWork {
  readonly #data: DeskData
  readonly #control: Control
  readonly #marks: () => readonly MarkRuleInfo[]
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #idle: NodeJS.Timeout | undefined
  #nextId = 0

  /** `control`: the director, which is read. */
  constructor(data: DeskData, control: Control, marks: () => readonly MarkRuleInfo[]) {
    const { devices, director, schedulers, workers, host, holder } = data
    this.#data = {
      devices,
      director,
      ...(schedulers && { schedulers }),
      ...(workers && { workers }),
      ...(host && { host }),
      ...(holder && { holder }),
    }
    this.#control = control
    this.#marks = marks
  }

  plan(wanted: Wanted): Promise<string> {
    return this.#ask({ name: 'plan', wanted })
  }
  take(plan: string, from: number): Promise<Taken> {
    return this.#ask({ name: 'take', plan, from })
  }
  lint(): Promise<Linted>
  lint(service: ServiceKey): Promise<LintedService>
  lint(service?: ServiceKey): Promise<Linted | LintedService> {
    return this.#ask({ name: 'lint', service })
  }

  close(): void {
    void this.#worker?.terminate()
    this.#end('the director ends')
  }

  #ask<T>(work: Work): Promise<T> {
    const worker = (this.#worker ??= this.#begin())
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.close(), IDLE_MS).unref()
    return new Promise<T>((resolve, reject) => {
      const id = this.#nextId++
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject })
      worker.postMessage({ id, work, marks: this.#marks() } satisfies ToDesk)
    })
  }

  #begin(): Worker {
    const worker = new Worker(new URL('desk-thread.js', import.meta.url), { workerData: this.#data })
    worker.unref()
    worker.on('message', (message: FromDesk) => {
      if ('read' in message) void this.#read(worker, message)
      else this.#settle(message)
    })
    // Out of memory, say: the director goes on, and the next who asks begins another.
    const died = (why: string): void => {
      if (this.#worker === worker) this.#end(`the thread that works on rules has died: ${why}`)
    }
    worker.once('error', error => died(messageOf(error)))
    worker.once('exit', status => died(`status ${status}`))
    return worker
  }

  async #read(worker: Worker, { read, request }: Extract<FromDesk, { read: number }>): Promise<void> {
    let json: string
    try {
      json = jsonOfReply(await this.#control.call(request))
    } catch (error) {
      json = JSON.stringify({ ok: false, refusal: 'EPROTO', message: messageOf(error) })
    }
    worker.postMessage({ read, json } satisfies ToDesk)
  }

  #settle(message: Exclude<FromDesk, { read: number }>): void {
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if ('value' in message) waiting?.resolve(message.value)
    else waiting?.reject(new HttpRefusal(message.refused.status, message.refused.message))
  }

  #end(why: string): void {
    clearTimeout(this.#idle)
    this.#worker = undefined
    for (const { reject } of this.#waiting.values()) reject(new HttpRefusal(503, why))
    this.#waiting.clear()
  }
}
