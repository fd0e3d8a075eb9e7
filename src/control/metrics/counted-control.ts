import type { Control, OperationName, Reply, Request } from '../protocol/api.js'
import { callText, type TextControl } from '../protocol/text-control.js'

/** Requests by operation and how they ended: 'ok' or the refusal's name. */
export type RequestCounts = ReadonlyMap<OperationName, ReadonlyMap<string, number>>

/** Who may keep something for each client. */
interface Countable extends Control, Partial<Pick<TextControl, 'callText'>> {
  client?(): Control & { close(): void }
  close?(): void
}

/** The same control, with what is asked through it counted. */
export class CountedControl implements TextControl {
  readonly counts: Map<OperationName, Map<string, number>>
  readonly #control: Countable

  constructor(control: Countable, counts = new Map<OperationName, Map<string, number>>()) {
    this.#control = control
    this.counts = counts
  }

  /** For one client; what it asks is counted with the others'. */
  client(): CountedControl {
    return new CountedControl(this.#control.client?.() ?? this.#control, this.counts)
  }
  /** The client is gone. */
  close(): void {
    this.#control.close?.()
  }

  async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    const reply = await this.#control.call(request)
    this.#count(request.op, reply.ok ? 'ok' : reply.refusal)
    return reply
  }
  async callText(request: Request): Promise<string> {
    const text = await callText(this.#control, request)
    this.#count(request.op, text.startsWith('{"ok":true') ? 'ok' : (JSON.parse(text) as Reply & { ok: false }).refusal)
    return text
  }

  #count(op: OperationName, outcome: string): void {
    const outcomes = this.counts.get(op) ?? new Map<string, number>()
    this.counts.set(op, outcomes)
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
}
