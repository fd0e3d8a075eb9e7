import type { AddressRange } from '../addresses.js'
import type { Family } from '../../../wire/ip-addr.js'
import type { Checker } from './checker.js'
import type { Script } from './scripts.js'

export type Protocol = 'tcp' | 'udp' | 'sctp'

/** How packets get to a real server. */
export type LvsMethod =
  | { readonly kind: 'NAT' | 'DR' }
  | {
      readonly kind: 'TUN'
      readonly type: 'ipip' | 'gue' | 'gre'
      /** Of GUE. */
      readonly port?: number
      readonly checksum?: 'nocsum' | 'csum' | 'remcsum'
    }

/** A line of a virtual_server_group. */
export type GroupEntry =
  | { readonly kind: 'addresses'; readonly range: AddressRange; readonly port: number }
  | { readonly kind: 'fwmark'; readonly mark: number; readonly family?: Family }

export interface VirtualServerGroup {
  readonly name: string
  readonly entries: GroupEntry[]
}

/** What is balanced. */
export type Target =
  | { readonly kind: 'address'; readonly address: string; readonly family: Family; readonly port: number }
  | { readonly kind: 'fwmark'; readonly mark: number }
  | { readonly kind: 'group'; readonly group: string }

/** What a virtual server says for its real servers, these for their checkers. */
export interface CheckDefaults {
  connectTimeoutMs?: number
  retry?: number
  delayBeforeRetryMs?: number
  warmupMs?: number
  delayLoopMs?: number
}

export interface SorryServer {
  readonly address: string
  readonly family: Family
  readonly port: number
  isInhibited: boolean
  method: LvsMethod
}

export interface RealServer extends CheckDefaults {
  readonly address: string
  readonly family: Family
  readonly port: number
  weight: number
  method: LvsMethod
  /** Most and least connections; 0: no bound. */
  upperThreshold: number
  lowerThreshold: number
  alpha: boolean
  inhibitOnFailure: boolean
  /** uvs's own: from its return to all of its weight; absent or 0: at once. */
  slowStartMs?: number
  notifyUp?: Script
  notifyDown?: Script
  smtpAlert?: boolean
  virtualhost?: string
  readonly checkers: Checker[]
}

export interface VirtualServer extends CheckDefaults {
  readonly target: Target
  /** `[10.1.1.1]:tcp:80`, `FWM 5`, `[G]:0`: in messages, logs and mails. */
  readonly name: string
  protocol: Protocol | 'none'
  family?: Family
  scheduler: string
  method: LvsMethod
  /** 0: not persistent. */
  persistenceSeconds: number
  /** A netmask, or the length of an IPv6 prefix. */
  persistenceGranularity?: string
  persistenceEngine?: string
  /** flag-1, flag-2, flag-3, by whatever name. */
  readonly flags: Set<'flag-1' | 'flag-2' | 'flag-3'>
  ops: boolean
  alpha: boolean
  omega: boolean
  haSuspend: boolean
  inhibitOnFailure: boolean
  quorum: number
  hysteresis: number
  quorumUp?: Script
  quorumDown?: Script
  smtpAlert?: boolean
  virtualhost?: string
  weight: number
  sorryServer?: SorryServer
  realServers: RealServer[]
}
