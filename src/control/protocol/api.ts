/* The control protocol for clients: types of requests and replies. */
export type { AnnouncementsInfo, DirectorDrainInfo } from './announcements.js'
export type { DashboardLogin } from './dashboard.js'
export { keyOf, type AddressKey, type MarkKey, type ServiceKey } from './service-key.js'
export type { ClientAddressName, ServiceInfo, ServicePage, ServiceSettingsInfo } from './services.js'
export type {
  DestinationInfo,
  DestinationKey,
  DestinationParams,
  DestinationSettingsInfo,
  MethodName,
  TunnelInfo,
} from './real-servers.js'
export type { Protocol } from './check.js'
export type { RatesInfo, StatsInfo } from './stats.js'
export type { ConnectionFilter, ConnectionInfo, ConnectionPage, EndedInfo } from './connections.js'
export {
  DESTINATION_COLUMNS,
  DestinationColumn,
  type Buckets,
  type DirectorFigures,
  type FrameFigures,
  type ServiceFigures,
  type ServiceFiguresPage,
  type TotalsInfo,
  type WorkerFigures,
} from './figures.js'
export { KEY_COLUMNS, KeyColumn, SUM_COLUMNS, SumColumn, type ServiceSums } from './service-columns.js'
export type {
  CheckedKey,
  CheckHealth,
  HealthName,
  HealthPage,
  NextInfo,
  ServerHealth,
  ServiceHealth,
  StateInfo,
} from './health.js'
export type { NeighbourShown, NetworkInfo, RouteShown } from './network.js'
export type { OffloadCounts, OffloadHere, OffloadInfo } from './offload.js'
export type { MarkRuleInfo } from './marks.js'
export type { RouteInfo } from './routes.js'
export type { TimeoutsInfo } from './timeouts.js'
export { BATCH_MAX, isRuleChange, type RuleChange } from './rules.js'
export type { Committed, PlannedChange, PlanPage, RulesHolder, Staged } from './transactions.js'
export type { BlockChange, InstanceChange, ReloadPlanPage, SettingChange } from './reload-plan.js'
export type { InstanceInfo, SyncGroupInfo, TrackScriptInfo, VrrpInfo, VrrpStateName } from './vrrp.js'
export type { Answer, RefusalName, RefusedReply } from './refusal.js'
export type { OperationName, Operations, Reply, Request } from './operations.js'
export type { Control } from './control.js'

/** The outcome of a command as in a shell. `out` and `err` end in a newline unless empty. */
export interface Outcome {
  status: number
  out: string
  err: string
}
