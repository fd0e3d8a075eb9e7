import type { Answer } from '../../../../control/protocol/api.js'

/** What is answered. Throws the refusal's line. */
export function granted<T>(reply: Answer<T>): T {
  if (reply.ok) return reply.value
  throw new Error(reply.message)
}
