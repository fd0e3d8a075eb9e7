import type { Refusal } from '../../director/rules/refusal.js'
import type { Director } from '../../director/director.js'
import type { Device } from '../../packet/device.js'
import type { OperationName, Operations, Reply, Request } from '../protocol/operations.js'
import { Refused, type RefusedReply } from '../protocol/refusal.js'
import type { TurnFigures } from './turn-figures.js'

/** What a director runs on, as far as it has anything to tell. */
export interface Surroundings {
  devices?: readonly Device[]
  turns?: TurnFigures
  /** Bytes of the thread's JavaScript heap. */
  heap?: () => { used: number; total: number }
}

/** What an operation finds around the director. */
export interface Around extends Surroundings {
  /** Carries out another request, as if it had been asked by itself. */
  carryOut(request: Request): Generator<void, Reply>
}

type Value<O extends OperationName> = Operations[O]['value']

/** How an operation is carried out: by a director, and by several workers with the same rules as if they were one. */
export type Operation<O extends OperationName = OperationName> = Asking<O> & (AtOnce<O> | InSteps<O>)

/** Throws Refused, with nothing done, for what cannot be carried out. */
interface AtOnce<O extends OperationName> {
  run(director: Director, request: Request<O>, around: Around): Value<O>
}
/** The same in steps of well under a millisecond. */
interface InSteps<O extends OperationName> {
  steps(director: Director, request: Request<O>, around: Around): Generator<void, Value<O>>
}

interface Asking<O extends OperationName> {
  /** It changes services: waits while a transaction is carried out. */
  readonly changesRules?: true
  /** It may change which addresses are ours: steered-addresses.ts says how. */
  readonly changesAddresses?: true
  /**
   * all, unless given: the first worker, then the others. first: what all know alike. page: of a page the worker that its
   * place names.
   */
  readonly workers?: 'first' | 'page'
  /** Nothing else is asked until all workers are through. */
  readonly isAlone?: true
  /** One value of all workers'; the first one's unless given. */
  merge?(values: readonly Value<O>[]): Value<O>
  /** For the other workers: the request less what the first one has refused of it. */
  granted?(request: Request<O>, value: Value<O>): Request<O>
  /** What a worker has refused of it. */
  refusals?(value: Value<O>): readonly RefusedReply[]
}

/** Of some operations, by their names. */
export type OperationsOf<N extends OperationName> = { readonly [O in N]: Operation<O> }

/** Null, or Refused in words. */
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
