import type { Answer } from '../protocol/refusal.js'
import type { batches as shapes } from '../protocol/transactions.js'
import type { OperationsOf } from './operation.js'

export const batches = {
  batch: {
    changesRules: true,
    /** Carries out each request as if it came alone. */
    *steps(_director, { requests }, { carryOut }) {
      const answers: Answer<null>[] = []
      for (const request of requests) {
        answers.push((yield* carryOut(request)) as Answer<null>)
        yield
      }
      return answers
    },
    granted: ({ op, requests }, answers) => ({ op, requests: requests.filter((_, i) => answers[i]!.ok) }),
    refusals: answers => answers.filter(answer => !answer.ok),
  },
} satisfies OperationsOf<keyof typeof shapes>
