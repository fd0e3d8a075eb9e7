import { type GarpSettings, type GlobalDefs, newGlobalDefs } from './tree/global.js'
import type { GarpGroup, LinkDelay } from './tree/links.js'
import type {
  Authentication,
  Draft,
  RouteWords,
  TrackFile,
  TrackProcess,
  VirtualAddress,
  VrrpInstance,
  VrrpScript,
  VrrpSyncGroup,
} from './tree/vrrp.js'
import type { LvsMethod, SorryServer, Target, VirtualServer, VirtualServerGroup } from './tree/virtual-server.js'
import type { Place } from './report.js'

/** An instance while it is read: what was said, and what is still open. */
export interface InstanceDraft extends Draft<
  Omit<VrrpInstance, 'garp' | 'authentication' | 'accept'>,
  | 'name'
  | 'interfaces'
  | 'scripts'
  | 'files'
  | 'processes'
  | 'bfds'
  | 'addresses'
  | 'excludedAddresses'
  | 'unicastPeers'
  | 'routes'
  | 'rules'
  | 'notify'
> {
  garp: Partial<GarpSettings>
  authentication?: Partial<Authentication>
  accept?: boolean
  /** A keyword that makes sense with unicast peers only was used. */
  usesUnicast: boolean
  lvsSyncDaemonInterface?: string
}

export type SyncGroupDraft = Draft<
  VrrpSyncGroup,
  'name' | 'members' | 'interfaces' | 'scripts' | 'files' | 'processes' | 'bfds' | 'notify'
>

/** A virtual server while it is read. */
export interface VirtualServerDraft extends Draft<
  Omit<VirtualServer, 'method' | 'realServers' | 'sorryServer' | 'protocol' | 'target' | 'name'>,
  'flags'
> {
  target: Target
  protocol?: 'tcp' | 'udp' | 'sctp'
  method?: LvsMethod
  realServers: RealServerDraft[]
  sorryServer?: Omit<SorryServer, 'method'> & { method?: LvsMethod }
}

export interface RealServerDraft extends Draft<
  Omit<import('./tree/virtual-server.js').RealServer, 'port' | 'method'>,
  'address' | 'family' | 'checkers'
> {
  port?: number
  method?: LvsMethod
}

/** What the passes over the file collect. */
export interface ConfigDraft {
  global: GlobalDefs
  staticAddresses: VirtualAddress[]
  staticRoutes: RouteWords[]
  staticRules: RouteWords[]
  trackGroups: Set<string>
  scripts: VrrpScript[]
  trackFiles: TrackFile[]
  trackProcesses: TrackProcess[]
  bfds: string[]
  bfdNeighbours: string[]
  snmpSocket?: string
  syncGroups: SyncGroupDraft[]
  instances: InstanceDraft[]
  virtualServerGroups: VirtualServerGroup[]
  virtualServers: VirtualServerDraft[]
  /** Rules without a preference so far. */
  rulesWithoutPreference: number
  garpGroups: GarpGroup[]
  /** Also those that are left out. */
  garpGroupCount: number
  linkDelays: LinkDelay[]
  /** Where each instance, sync group, script, virtual and real server begins: for what only the whole file shows. */
  heads: Map<object, Place>
  /** Where each instance ends. */
  ends: Map<object, Place>
  /** Where the first interface is named that does not exist. */
  missingInterfaceAt?: Place
  /** Where the first script stands that would run, by the words of the security message. */
  runs: Map<'' | 'check ' | 'start/shutdown ', Place | undefined>
  insecure: Set<'' | 'check ' | 'start/shutdown '>
  /** A script_user that there is none of: from then on scripts without a user of their own have none. */
  hasNoScriptUser: boolean
  namespace?: string
  namespaceAt?: Place
  /** Where `vrrp_strict` or `strict_mode` stands. */
  strictAt?: Place
}

export function newDraft(): ConfigDraft {
  return {
    global: newGlobalDefs(),
    staticAddresses: [],
    staticRoutes: [],
    staticRules: [],
    trackGroups: new Set(),
    scripts: [],
    trackFiles: [],
    trackProcesses: [],
    bfds: [],
    bfdNeighbours: [],
    syncGroups: [],
    instances: [],
    virtualServerGroups: [],
    virtualServers: [],
    rulesWithoutPreference: 0,
    garpGroups: [],
    garpGroupCount: 0,
    linkDelays: [],
    heads: new Map(),
    ends: new Map(),
    hasNoScriptUser: false,
    runs: new Map(),
    insecure: new Set(),
  }
}
