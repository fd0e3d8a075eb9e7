import { batches } from './batches.js'
import { connections } from './connections.js'
import { figures } from './figures.js'
import { localAddresses } from './local-addresses.js'
import { marks } from './marks.js'
import type { OperationsOf } from './operation.js'
import { realServers } from './real-servers.js'
import { resets } from './resets.js'
import { routes } from './routes.js'
import { services } from './services.js'
import { sysctls } from './sysctls.js'
import { timeouts } from './timeouts.js'
import { transactions } from './transactions.js'
import { vips } from './vips.js'
import type { OperationName } from '../protocol/operations.js'

/*
 * Every operation that can be asked of a director. To add one:
 * 1. control/protocol/NOUN.ts: what it takes and returns, in an entry by its name. Types, the socket's checks and the client follow;
 *    a rule, as uvsadm-save writes one, stands in the noun's `…Rules`, which makes batches and transactions take it
 * 2. control/operations/NOUN.ts: an entry by the same name: how it is carried out, whether it changes rules, which workers
 *    are asked and how their values are made one (operation.ts)
 * 3. docs/control-socket.md: its section and an example
 * The compiler asks for 2 where 1 is there, a test for 3. A new noun has its line in protocol/operations.ts and here. One that
 * changes which addresses are ours (`changesAddresses`) says how in plane/steered-addresses.ts: the compiler asks for that too.
 */
export const OPERATIONS = {
  ...services,
  ...realServers,
  ...localAddresses,
  ...batches,
  ...transactions,
  ...connections,
  ...figures,
  ...routes,
  ...vips,
  ...marks,
  ...timeouts,
  ...sysctls,
  ...resets,
} satisfies OperationsOf<OperationName>

type All = typeof OPERATIONS

/** Those that may change which addresses are ours. */
export type AddressOperation = {
  [O in OperationName]: All[O] extends { readonly changesAddresses: true } ? O : never
}[OperationName]
/** Of whose pages each is one worker's. */
export type PagedOperation = {
  [O in OperationName]: All[O] extends { readonly workers: 'page' } ? O : never
}[OperationName]
