import type { resets as shapes } from '../protocol/sysctls.js'
import type { OperationsOf } from './operation.js'

export const resets = {
  reset: {
    changesRules: true,
    changesAddresses: true,
    isAlone: true, // shared slots become free only when all workers have released them
    *steps(director) {
      yield* director.balancing.flushing() // in steps
      director.reset()
      return null
    },
  },
} satisfies OperationsOf<keyof typeof shapes>
