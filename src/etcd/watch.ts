import type { Endpoint } from './endpoints.js'
import { endpointName } from './endpoints.js'
import { EtcdError } from './etcd-error.js'
import type { Gateway, OpenStream } from './gateway.js'
import { keyValueOf, numberOf, rangeFields, revisionOf, toBase64, type KeyRange, type KeyValue } from './key-value.js'
import { readMessages } from './message-stream.js'

/** A change of a key: its new value, or that it has gone. */
export type WatchEvent = { readonly put: KeyValue } | { readonly deleted: string }

export interface WatchEvents {
  /** Changes in order, whole transactions; the store's revision with them. */
  changed(events: readonly WatchEvent[], revision: number): void
  /**
   * The revision to go on from is gone, or the store is another one, restored perhaps from a copy: read everything again. The watch
   * is closed.
   */
  compacted(): void
  /** It was lost; it is opened again by itself, every few seconds at the latest. Told once, until `resumed`. */
  lost(why: EtcdError): void
  /** It goes on, with nothing missed. Not told of the first time. */
  resumed(where: string): void
}

/** Between two attempts: doubled from the first on. */
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 3_000
/** How often the endpoint is asked whether it has a leader; one that is cut off sends nothing, and closes nothing. */
const PROBE_MS = 5_000

type Json = Record<string, unknown>

/**
 * Follows the changes of a range of keys from a revision on, over lost connections and from endpoint to endpoint. No
 * change is told twice, none is left out: what cannot be so is `compacted`.
 */
export class Watch {
  readonly #gateway: Gateway
  readonly #range: KeyRange
  readonly #events: WatchEvents
  /** The next revision that has not been told of. */
  #next: number
  /** Fragments of a transaction, until its last. */
  #fragments: WatchEvent[] = []
  #endStream: (() => void) | undefined
  #retry: NodeJS.Timeout | undefined
  #probe: NodeJS.Timeout | undefined
  #retryMs = FIRST_RETRY_MS
  #cluster: string | undefined
  #isLost = false
  #isClosed = false

  constructor(gateway: Gateway, range: KeyRange, fromRevision: number, events: WatchEvents) {
    this.#gateway = gateway
    this.#range = range
    this.#next = fromRevision
    this.#events = events
    void this.#open()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#retry)
    this.#stop()
  }

  async #open(): Promise<void> {
    this.#fragments = []
    const create = {
      ...rangeFields(this.#range),
      start_revision: String(this.#next),
      progress_notify: true,
      fragment: true,
    }
    let stream: OpenStream
    try {
      stream = await this.#gateway.open('/v3/watch', { create_request: create })
    } catch (error) {
      return this.#lose(error as EtcdError)
    }
    if (this.#isClosed) return void stream.answer.destroy()
    this.#endStream = readMessages(
      stream,
      message => this.#take(message, stream.endpoint),
      why => this.#lose(why, stream.endpoint),
    )
    if (!this.#isClosed) this.#probeLater(stream.endpoint)
  }

  #take(message: Json, endpoint: Endpoint): void {
    if (message.canceled === true) return this.#canceled(message, endpoint)
    if (message.created === true) return this.#created(message, endpoint)
    if (Array.isArray(message.events)) this.#fragments.push(...message.events.map(event => eventOf(event as Json)))
    if (message.fragment === true) return
    const revision = revisionOf(message)
    const events = this.#fragments
    this.#fragments = []
    this.#next = Math.max(this.#next, revision + 1)
    if (events.length > 0) this.#events.changed(events, revision)
  }

  #created(message: Json, endpoint: Endpoint): void {
    this.#retryMs = FIRST_RETRY_MS
    if (this.#isOther(message)) return this.#reset()
    if (!this.#isLost) return
    this.#isLost = false
    this.#events.resumed(endpointName(endpoint))
  }

  #canceled(message: Json, endpoint: Endpoint): void {
    const reason = typeof message.cancel_reason === 'string' ? message.cancel_reason : 'it gives no reason'
    if (numberOf(message.compact_revision, 'compact_revision') === 0 && !reason.includes('compacted'))
      throw new EtcdError('unreachable', `${endpointName(endpoint)}: the watch was cancelled: ${reason}`)
    this.#reset()
  }

  /** etcd waits in silence for a revision that is yet to come: after a restore that may be one that has been. */
  #isOther(answer: Json): boolean {
    const cluster = String((answer.header as Json | undefined)?.cluster_id)
    this.#cluster ??= cluster
    return cluster !== this.#cluster || revisionOf(answer) < this.#next - 1
  }
  #reset(): void {
    this.close()
    this.#events.compacted()
  }

  #lose(why: EtcdError, endpoint?: Endpoint): void {
    this.#stop()
    if (this.#isClosed) return
    if (why.kind === 'compacted') return this.#reset()
    if (endpoint) this.#gateway.leave(endpoint)
    this.#retry = setTimeout(() => void this.#open(), this.#retryMs)
    this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS)
    if (this.#isLost) return
    this.#isLost = true
    this.#events.lost(why)
  }

  #stop(): void {
    clearTimeout(this.#probe)
    this.#endStream?.()
    this.#endStream = undefined
  }

  #probeLater(at: Endpoint): void {
    this.#probe = setTimeout(() => void this.#ask(at, this.#endStream), PROBE_MS)
  }
  async #ask(at: Endpoint, stream: unknown): Promise<void> {
    const key = 'key' in this.#range ? this.#range.key : this.#range.prefix
    const body = { key: toBase64(key || '\0'), keys_only: true }
    try {
      await this.#gateway.ask('/v3/kv/range', body, { isRepeatable: true, at })
    } catch (error) {
      if (this.#endStream === stream) this.#lose(error as EtcdError, at)
      return
    }
    if (this.#endStream === stream) this.#probeLater(at)
  }
}

/** A put is the default, and left out. */
function eventOf({ type, kv }: Json): WatchEvent {
  const { key, ...rest } = keyValueOf(kv as Json)
  return type === 'DELETE' ? { deleted: key } : { put: { key, ...rest } }
}
