import { announcements } from './announcements.js'
import type { Checked } from './check.js'
import { claims } from './claims.js'
import { connections } from './connections.js'
import { dashboard } from './dashboard.js'
import { drops } from './drops.js'
import { explain } from './explain.js'
import { figures } from './figures.js'
import { health } from './health.js'
import { localAddressRules } from './local-addresses.js'
import { marks } from './marks.js'
import { network } from './network.js'
import { offload } from './offload.js'
import { realServerRules } from './real-servers.js'
import type { Answer } from './refusal.js'
import { routes, vips } from './routes.js'
import { services } from './services.js'
import { reloadPlan } from './reload-plan.js'
import { record } from './record.js'
import { resets, sysctls } from './sysctls.js'
import { timeouts } from './timeouts.js'
import { batches, transactions } from './transactions.js'
import { vrrp } from './vrrp.js'

/**
 * All operations of a director, over the control socket (uvsadm) or in process (the conformance runner). Values are plain JSON:
 * addresses are dotted text, ports host numbers, times seconds. One request, one reply.
 */
export const SHAPES = {
  ...services,
  ...realServerRules,
  ...localAddressRules,
  ...batches,
  ...transactions,
  ...connections,
  ...figures,
  ...offload,
  ...explain,
  ...drops,
  ...claims,
  ...record,
  ...routes,
  ...vips,
  ...marks,
  ...timeouts,
  ...sysctls,
  ...resets,
  ...health,
  ...vrrp,
  ...reloadPlan,
  ...announcements,
  ...dashboard,
  ...network,
}

type Shapes = typeof SHAPES
export type OperationName = keyof Shapes

/** Each operation's parameters and what it returns. */
export type Operations = {
  [O in OperationName]: { params: Checked<Shapes[O]['params']>; value: Shapes[O]['value'] }
}

export type Request<O extends OperationName = OperationName> = O extends OperationName
  ? { op: O } & Operations[O]['params']
  : never
export type Reply<O extends OperationName = OperationName> = Answer<Operations[O]['value']>
