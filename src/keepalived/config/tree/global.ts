import type { Script } from './scripts.js'

/** When and how often gratuitous ARP and neighbour advertisements are sent. */
export interface GarpSettings {
  /** From becoming master to the second set; 0: none. */
  masterDelayMs: number
  masterRepeat: number
  lowerPrioDelayMs: number
  lowerPrioRepeat: number
  /** Between refreshes while master; 0: none. */
  masterRefreshMs: number
  masterRefreshRepeat: number
  /** For addresses on other interfaces than the instance's; 0: none. */
  extraIfMs: number
  extraIfAll: boolean
}

export interface LvsSyncDaemon {
  interface: string
  instance?: string
  syncId?: number
  maxLength?: number
  port?: number
  ttl?: number
  group?: string
}

export interface Fifo {
  readonly path: string
  readonly user?: string
  readonly group?: string
}

/** global_defs, and what stands beside blocks. Absent is: nothing was said; defaults that depend on the host are the consumer's. */
export interface GlobalDefs {
  routerId?: string
  instanceName?: string
  notificationEmail: string[]
  notificationEmailFrom?: string
  smtpServer?: { readonly host: string; readonly port: number }
  smtpHeloName?: string
  smtpConnectTimeoutMs: number
  smtpAlert?: boolean
  smtpAlertVrrp?: boolean
  smtpAlertChecker?: boolean
  noEmailFaults: boolean
  noCheckerEmails: boolean
  checkerLogAllFailures: boolean
  mcastGroup4: string
  mcastGroup6: string
  defaultInterface: string
  lvsSyncDaemon?: LvsSyncDaemon
  /** Seconds; 0 and absent leave the kernel's. */
  lvsTimeouts: { tcp?: number; tcpfin?: number; udp?: number }
  lvsFlush: boolean
  lvsFlushOnStop: 'no' | 'all' | 'virtual servers'
  garp: Partial<GarpSettings>
  /** Between two gratuitous ARPs on an interface; 0: none. */
  garpIntervalMs: number
  gnaIntervalMs: number
  minGarp: boolean
  downTimerAdverts: number
  lowerPrioNoAdvert?: boolean
  higherPrioSendAdvert: boolean
  /** 2 or 3; absent: 2, for IPv6 3. */
  version?: 2 | 3
  strict: boolean
  skipCheckAdvAddr: boolean
  checkUnicastSrc: boolean
  notifyPriorityChanges: boolean
  dynamicInterfaces: 'no' | 'yes' | 'allow_if_changes'
  logUnknownVrids: boolean
  startupDelayMs: number
  rsInitNotifies: boolean
  scriptUser?: string
  scriptGroup?: string
  enableScriptSecurity: boolean
  notifyFifo?: Fifo
  vrrpNotifyFifo?: Fifo
  lvsNotifyFifo?: Fifo
  notifyFifoScript?: Script
  vrrpNotifyFifoScript?: Script
  lvsNotifyFifoScript?: Script
  fifoWriteVrrpStatesOnReload: boolean
  startupScript?: Script
  shutdownScript?: Script
  startupScriptTimeoutMs: number
  shutdownScriptTimeoutMs: number
  /** A file to validate into before a reload; '' : validate. */
  reloadCheckConfig?: string
}

export function newGlobalDefs(): GlobalDefs {
  return {
    notificationEmail: [],
    smtpConnectTimeoutMs: 30_000,
    noEmailFaults: false,
    noCheckerEmails: false,
    checkerLogAllFailures: false,
    mcastGroup4: '224.0.0.18',
    mcastGroup6: 'ff02::12',
    defaultInterface: 'eth0',
    lvsTimeouts: {},
    lvsFlush: false,
    lvsFlushOnStop: 'no',
    garp: {},
    garpIntervalMs: 0,
    gnaIntervalMs: 0,
    minGarp: false,
    downTimerAdverts: 3,
    higherPrioSendAdvert: false,
    strict: false,
    skipCheckAdvAddr: false,
    checkUnicastSrc: false,
    notifyPriorityChanges: false,
    dynamicInterfaces: 'no',
    logUnknownVrids: false,
    startupDelayMs: 0,
    rsInitNotifies: false,
    enableScriptSecurity: false,
    fifoWriteVrrpStatesOnReload: false,
    startupScriptTimeoutMs: 10_000,
    shutdownScriptTimeoutMs: 10_000,
  }
}
