import type { Director } from '../../director/director.js'
import { atOnce } from '../../service/in-steps.js'
import { checkRequest } from '../protocol/codec.js'
import type { Control } from '../protocol/control.js'
import type { OperationName, Operations, Reply, Request } from '../protocol/operations.js'
import { Refused } from '../protocol/refusal.js'
import { OPERATIONS } from './index.js'
import type { Operation, Surroundings } from './operation.js'

/**
 * Carries out requests on a director in this thread, each at once, whole or not at all. Invalid requests are refused as
 * on the socket.
 */
export function localControl(director: Director): Control {
  return {
    async call<O extends OperationName>(request: Request<O>) {
      const checked = checkRequest(request)
      return (checked.ok ? execute(director, checked.request) : checked) as Reply<O>
    },
  }
}

/** Carries out a request. One that is impossible is refused with the kernel's errno; nothing is thrown or half done. */
export function execute(director: Director, request: Request, surroundings: Surroundings = {}): Reply {
  return atOnce(executeInSteps(director, request, surroundings))
}

/**
 * The same in steps of well under a millisecond. Between them frames may be handled, but no other request, except of an operation that
 * is overtaken; those frames may meet a part of the change, such as some services of a flush.
 */
export function* executeInSteps(
  director: Director,
  request: Request,
  surroundings: Surroundings,
): Generator<void, Reply> {
  try {
    return { ok: true, value: yield* perform(director, request, surroundings) }
  } catch (error) {
    if (error instanceof Refused) return { ok: false, refusal: error.refusal, message: error.message }
    throw error
  }
}

function* perform(
  director: Director,
  request: Request,
  surroundings: Surroundings,
): Generator<void, Operations[OperationName]['value']> {
  const operation = OPERATIONS[request.op] as Operation
  // Who changes rules is told no counts, and thousands of such requests may come together.
  if (!operation.changesRules && !operation.tellsNoCounts) director.flows?.settleAll()
  const around = { ...surroundings, carryOut: (each: Request) => executeInSteps(director, each, surroundings) }
  return 'steps' in operation
    ? yield* operation.steps(director, request, around)
    : operation.run(director, request, around)
}
