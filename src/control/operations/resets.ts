import type { resets as shapes } from '../protocol/sysctls.js'
import type { OperationsOf } from './operation.js'

export const resets = {
  reset: {
    changesRules: true,
    changesAddresses: true,
    isAlone: true, // counts that the workers share are nobody's until all have forgotten them
    *steps(director) {
      yield* director.balancing.flushing() // or all of it would be one step
      director.reset()
      return null
    },
  },
} satisfies OperationsOf<keyof typeof shapes>
