import { announcements } from './announcements.js'
import { batches } from './batches.js'
import { claims } from './claims.js'
import { connections } from './connections.js'
import { dashboard } from './dashboard.js'
import { drops } from './drops.js'
import { explain } from './explain/explain.js'
import { figures } from './figures.js'
import { keepalived } from './keepalived.js'
import { localAddresses } from './local-addresses.js'
import { marks } from './marks.js'
import { network } from './network.js'
import { offload } from './offload.js'
import type { OperationsOf } from './operation.js'
import { realServers } from './real-servers.js'
import { record } from './record.js'
import { resets } from './resets.js'
import { routes } from './routes.js'
import { services } from './services.js'
import { sysctls } from './sysctls.js'
import { timeouts } from './timeouts.js'
import { transactions } from './transactions.js'
import { vips } from './vips.js'
import type { OperationName } from '../protocol/operations.js'

/*
 * Every operation of a director. To add one:
 * 1. control/protocol/NOUN.ts: its parameters and value, in an entry of its name. Types, the socket's checks and the client
 *    follow. A rule, as uvsadm-save writes it, stands in the noun's `…Rules`, so that batches and transactions accept it
 * 2. control/operations/NOUN.ts: an entry of the same name: how it runs, whether it changes rules, which workers run it and how
 *    their values are merged (operation.ts)
 * 3. control/protocol/effects.ts: what it does to others
 * 4. docs/control-socket.md: its section and an example
 * The compiler asks for 2 and 3 when 1 is there, a test for 4. A new noun needs a line in protocol/operations.ts and here. An operation
 * that changes which addresses are ours (`changesAddresses`) needs an entry in plane/steered-addresses.ts: the compiler asks.
 */
export const OPERATIONS = {
  ...services,
  ...realServers,
  ...localAddresses,
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
  ...keepalived,
  ...announcements,
  ...dashboard,
  ...network,
} satisfies OperationsOf<OperationName>

type All = typeof OPERATIONS

/** Operations that may change which addresses are ours. */
export type AddressOperation = {
  [O in OperationName]: All[O] extends { readonly changesAddresses: true } ? O : never
}[OperationName]
/** Operations whose pages are each a single worker's. */
export type PagedOperation = {
  [O in OperationName]: All[O] extends { readonly workers: 'page' } ? O : never
}[OperationName]
