import type { dashboard as shapes } from '../protocol/dashboard.js'
import { Refused } from '../protocol/refusal.js'
import type { OperationsOf } from './operation.js'

/* A director's threads serve no pages: where the process does, it answers this before it comes here. */

export const dashboard = {
  'dashboard-login': {
    workers: 'first',
    run(): never {
      throw new Refused(
        'EOPNOTSUPP',
        'nobody logs in by the control socket: start the director with --http PORT --http-admin socket',
      )
    },
  },
} satisfies OperationsOf<keyof typeof shapes>
