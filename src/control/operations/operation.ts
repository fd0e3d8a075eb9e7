import type { Refusal } from '../../director/rules/refusal.js'
import type { Director } from '../../director/director.js'
import type { Device } from '../../packet/device.js'
import type { OperationName, Operations, Reply, Request } from '../protocol/operations.js'
import { Refused, type RefusedReply } from '../protocol/refusal.js'
import type { TurnCounters } from './turn-counters.js'

/** What a director runs on: undefined fields are unknown. */
export interface Surroundings {
  devices?: readonly Device[]
  turns?: TurnCounters
  /** Bytes of the thread's JavaScript heap. */
  heap?: () => { used: number; total: number }
  /** ms since 1970 at 0 of the director's clock. */
  epochMs?: () => number
  /** Why no flow is handed to a program, in a line. */
  notOffloaded?: string | undefined
}

/** The surroundings that an operation gets. */
export interface Around extends Surroundings {
  /** Carries out another request as if it came alone. */
  carryOut(request: Request): Generator<void, Reply>
}

type Value<O extends OperationName> = Operations[O]['value']

/** How an operation is carried out: by one director, and by several workers with the same rules. */
export type Operation<O extends OperationName = OperationName> = Asking<O> & (AtOnce<O> | InSteps<O>)

/** Throws Refused, with nothing done, for an impossible request. */
interface AtOnce<O extends OperationName> {
  run(director: Director, request: Request<O>, around: Around): Value<O>
}
/** The same in steps of well under a millisecond. */
interface InSteps<O extends OperationName> {
  steps(director: Director, request: Request<O>, around: Around): Generator<void, Value<O>>
}

interface Asking<O extends OperationName> {
  /** It changes services, so it waits while a transaction is carried out. */
  readonly changesRules?: true
  /** Its answer has no counts: those that a program keeps need not be fetched for it. */
  readonly tellsNoCounts?: true
  /** It may change which addresses are ours (steered-addresses.ts). */
  readonly changesAddresses?: true
  /**
   * Which workers carry it out. Default: all, the first one first. first: only that one, as all know the same. page: the worker
   * that the page's start names.
   */
  readonly workers?: 'first' | 'page'
  /** It reads much, in steps: other requests are carried out between them. */
  readonly isOvertaken?: true
  /** No other request is begun until all workers are done. */
  readonly isAlone?: true
  /** Merges the workers' values. Default: the first worker's. */
  merge?(values: readonly Value<O>[]): Value<O>
  /** The request for the other workers: without the parts that the first one refused. */
  granted?(request: Request<O>, value: Value<O>): Request<O>
  /** The parts that a worker refused. */
  refusals?(value: Value<O>): readonly RefusedReply[]
}

/** Operations by name. */
export type OperationsOf<N extends OperationName> = { readonly [O in N]: Operation<O> }

/** Refuses the request if there is a reason, in a line. */
export function refuse(why: string | undefined): void {
  if (why !== undefined) throw new Refused('EOPNOTSUPP', why)
}
/** Returns null, or throws Refused with a message. */
export function done(refusal: Refusal | undefined): null {
  if (refusal) throw new Refused(refusal, IN_WORDS[refusal])
  return null
}
const IN_WORDS: Record<Refusal, string> = {
  EEXIST: 'it is there already',
  ENOENT: 'no such scheduler, persistence engine or local address',
  ESRCH: 'it is not there',
  ENOMEM: 'there is no room for it',
  EINVAL: 'the kernel would not take that',
  ERANGE: 'a number is out of range',
}
