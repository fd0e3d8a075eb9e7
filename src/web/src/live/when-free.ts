import { ApiError } from './api.ts'

export interface Patience {
  /** It is asked again so often, and for so long. */
  everyMs: number
  forMs: number
  isWanted: () => boolean
}

/** Asks until the director has room for it, or for so long; undefined: it is wanted no more. Any other refusal is thrown at once. */
export async function whenFree<T>(
  ask: () => Promise<T>,
  { everyMs, forMs, isWanted }: Patience,
): Promise<T | undefined> {
  for (const until = Date.now() + forMs; ; await sleep(everyMs)) {
    if (!isWanted()) return undefined
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof ApiError && isForLater(error)) || Date.now() > until) throw error
    }
  }
}

/** Somebody else has it, or has just had it. */
const isForLater = ({ refusal, status }: ApiError): boolean => refusal === 'EBUSY' || status === 429
const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
