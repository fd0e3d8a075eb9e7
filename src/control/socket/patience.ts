import type { OperationName, Request } from '../protocol/api.js'
import { EFFECTS } from '../protocol/effects.js'

/** How long the client waits for a reply, in ms. */
export interface Patience {
  /** For most: a director answers within some ms; a stopped or hanging one never does. */
  ms: number
  /** For what changes many rules, or waits for somebody else's who does: seconds for 10 000 services, more on a busy machine. */
  longMs: number
}

export const PATIENCE: Patience = { ms: 10_000, longMs: 120_000 }

const LONG: ReadonlySet<OperationName> = new Set([
  'begin',
  'stage',
  'plan',
  'commit',
  'batch',
  'flush',
  'end-connections',
])

export function patienceFor(op: OperationName, { ms, longMs }: Patience): number {
  return LONG.has(op) ? longMs : ms
}

/** What is known when no reply has come: for the user, in a line. */
export function noReply(request: Request, path: string, waitedMs: number): string {
  const silence = `the director at ${path} has not answered for ${waitedMs / 1000} s`
  if (EFFECTS[request.op] !== 'change') return silence
  const look = changesRules(request) ? ': look with uvsadm -Ln before you try again' : ''
  return `${silence}; it may have done what was asked all the same${look}`
}

/** By the names, which are few: what knows all operations costs each client the loading of ten modules. */
function changesRules({ op }: Request): boolean {
  return /^(?:(?:add|edit|delete)-(?:service|destination|local-address)|commit|batch|flush)$/.test(op)
}
