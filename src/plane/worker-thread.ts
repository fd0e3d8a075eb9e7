import { writeSync } from 'node:fs'
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads'
import { UsageError } from '../director/options.js'
import type { FlowMaps } from '../ebpf/flow-parts.js'
import type { FanoutGroup } from '../io/fanout.js'
import { messageOf } from '../linux/error-text.js'
import { check, close, eventfd } from '../linux/libc.js'
import type { Control, OperationName, RefusedReply, Reply, Request } from '../control/protocol/api.js'
import type { WorkerData, FromWorker, Ready, ToWorker } from './worker-messages.js'
import type { Answered, Asked } from './request-queue.js'
import type { RouterOrder } from './router-order.js'
import { replyOfJson } from '../control/protocol/reply-json.js'
import { ServiceColumns } from '../control/protocol/service-columns.js'

const EFD_NONBLOCK_CLOEXEC = 0o4000 | 0o2000000
/** Written to an eventfd: a 64-bit 1 in host byte order. */
const ONE = new Uint8Array(Uint32Array.of(1, 0).buffer)

const STOPPED: RefusedReply = { ok: false, refusal: 'EPROTO', message: 'the director has stopped' }

export type WorkerThreadOptions = Omit<WorkerData, 'requests' | 'wakeFd' | 'signal'>
export type ReadyDevice = { name: string; mac: string; mtu: number }

/** The data plane could not start or has died. The message is one line. */
export class DataPlaneError extends Error {
  override readonly name = 'DataPlaneError'
}

/** Takes a line for the log. `once`: log it only the first time. */
export type Report = (problem: string, once?: boolean) => void

/** The main thread's handle of a worker thread, which answers requests until stopped. */
export class WorkerThread implements Control {
  readonly devices: readonly ReadyDevice[]
  /** The fanout groups that the next worker's devices join; undefined for a device that shares no interface. */
  readonly groups: readonly (FanoutGroup | undefined)[]
  /** The first worker's maps of flows. */
  readonly flowMaps: FlowMaps | undefined
  /** Its thread ID, as in /proc/self/task. */
  readonly thread: number
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #wakeFd: number
  readonly #signal: Int32Array
  readonly #waiting = new Map<number, (reply: Reply) => void>()
  /** Requests not yet sent: one message and one wake-up for all that come together. */
  #asked: Asked[] = []
  #nextId = 0
  #hasEnded = false
  /** Resolves when the thread has ended. Rejects with a DataPlaneError if it ended unasked. */
  readonly ended: Promise<void>

  /**
   * Opens the devices and starts the thread. UsageError or DataPlaneError if it cannot. `report` is told each problem in a line, such
   * as a mistake of a user's scheduler.
   */
  static async start(options: WorkerThreadOptions, report: Report): Promise<WorkerThread> {
    const { port1, port2 } = new MessageChannel()
    const wakeFd = check(eventfd(0, EFD_NONBLOCK_CLOEXEC), 'eventfd')
    const signal = new Int32Array(new SharedArrayBuffer(4))
    const workerData: WorkerData = { ...options, requests: port2, wakeFd, signal }
    const worker = new Worker(new URL('data-plane-worker.js', import.meta.url), { workerData, transferList: [port2] })
    const first = await firstMessage(worker, port1)
    if ('ready' in first) return new WorkerThread(worker, port1, wakeFd, signal, first, report)
    port1.close()
    close(wakeFd)
    const message = 'failed' in first ? first.failed : 'the data plane ended before it began'
    throw 'failed' in first && first.usage ? new UsageError(message) : new DataPlaneError(message)
  }

  private constructor(
    worker: Worker,
    port: MessagePort,
    wakeFd: number,
    signal: Int32Array,
    { ready, thread, groups, flowMaps }: Ready,
    report: Report,
  ) {
    this.devices = ready
    this.groups = groups
    this.flowMaps = flowMaps
    this.thread = thread
    this.#worker = worker
    this.#port = port
    this.#wakeFd = wakeFd
    this.#signal = signal
    port.on('message', (message: FromWorker) => {
      if ('problem' in message) report(message.problem, message.once)
      else this.#receive(message)
    })
    this.ended = new Promise<void>((resolve, reject) => {
      worker.once('error', error => reject(new DataPlaneError(`the data plane has died: ${error.message}`)))
      worker.once('exit', code =>
        code === 0 ? resolve() : reject(new DataPlaneError(`the data plane ended with ${code}`)),
      )
    }).finally(() => this.#close())
    this.ended.catch(() => {})
  }

  call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    if (this.#hasEnded) return Promise.resolve(STOPPED)
    return new Promise<Reply>(resolve => {
      const id = this.#nextId++
      this.#waiting.set(id, resolve)
      if (this.#asked.push({ id, request }) === 1) setImmediate(() => this.#tell())
    }) as Promise<Reply<O>>
  }

  /** Has the thread do what a virtual router wants, between two turns: requests of before may still wait. One that has ended does nothing. */
  order(order: RouterOrder): void {
    this.#tell()
    if (!this.#hasEnded) this.#send({ order })
  }

  /** Ends the thread. Its devices are closed when this resolves. */
  async stop(): Promise<void> {
    this.#tell()
    if (!this.#hasEnded) this.#send({ stop: true })
    await this.ended
  }

  #tell(): void {
    if (this.#asked.length > 0 && !this.#hasEnded) this.#send({ asked: this.#asked })
    this.#asked = []
  }
  #send(message: ToWorker): void {
    this.#port.postMessage(message)
    // First: the write may have the thread run in this one's place, and without the signal it would look again and again in vain.
    Atomics.store(this.#signal, 0, 1)
    writeSync(this.#wakeFd, ONE)
  }
  #receive(message: FromWorker): void {
    if (!('answered' in message)) return
    for (const answered of message.answered) {
      this.#waiting.get(answered.id)?.(replyOf(answered))
      this.#waiting.delete(answered.id)
    }
  }
  #close(): void {
    this.#hasEnded = true
    this.#port.close()
    close(this.#wakeFd)
    this.#worker.removeAllListeners()
    for (const answer of this.#waiting.values()) answer(STOPPED)
    this.#waiting.clear()
  }
}

function replyOf(answered: Answered): Reply {
  if ('json' in answered) return replyOfJson(answered.json)
  return { ok: true, value: new ServiceColumns(answered.columns) }
}

function firstMessage(worker: Worker, port: MessagePort): Promise<FromWorker> {
  return new Promise((resolve, reject) => {
    port.once('message', resolve)
    worker.once('error', error => reject(new DataPlaneError(messageOf(error))))
  })
}
