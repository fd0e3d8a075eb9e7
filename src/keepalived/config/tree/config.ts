import type { GlobalDefs } from './global.js'
import type { GarpGroup, LinkDelay } from './links.js'
import type {
  RouteWords,
  TrackFile,
  TrackProcess,
  VirtualAddress,
  VrrpInstance,
  VrrpScript,
  VrrpSyncGroup,
} from './vrrp.js'
import type { VirtualServer, VirtualServerGroup } from './virtual-server.js'

/** A configuration with every default filled in: what checkers, VRRP and rules work from. */
export interface KeepalivedConfig {
  readonly global: GlobalDefs
  readonly staticAddresses: readonly VirtualAddress[]
  readonly staticRoutes: readonly RouteWords[]
  readonly staticRules: readonly RouteWords[]
  readonly scripts: readonly VrrpScript[]
  readonly trackFiles: readonly TrackFile[]
  readonly trackProcesses: readonly TrackProcess[]
  readonly garpGroups: readonly GarpGroup[]
  readonly linkDelays: readonly LinkDelay[]
  readonly syncGroups: readonly VrrpSyncGroup[]
  readonly instances: readonly VrrpInstance[]
  readonly virtualServerGroups: readonly VirtualServerGroup[]
  readonly virtualServers: readonly VirtualServer[]
}
