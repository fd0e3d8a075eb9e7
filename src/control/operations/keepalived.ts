import type { health as healthShapes } from '../protocol/health.js'
import { Refused } from '../protocol/refusal.js'
import type { reloadPlan as planShapes } from '../protocol/reload-plan.js'
import type { vrrp as vrrpShapes } from '../protocol/vrrp.js'
import type { OperationsOf } from './operation.js'

/* A director checks nothing: where a keepalived.conf runs, whoever runs it answers these before they come here. */

/** The one line of a director without a keepalived.conf. */
function nothingRuns(): never {
  throw new Refused('EOPNOTSUPP', 'the director runs no keepalived.conf: it was started without --keepalived')
}

export const keepalived = {
  health: { workers: 'first', run: nothingRuns },
  vrrp: { workers: 'first', run: nothingRuns },
  'plan-reload': { workers: 'first', run: nothingRuns },
} satisfies OperationsOf<keyof typeof healthShapes | keyof typeof vrrpShapes | keyof typeof planShapes>
