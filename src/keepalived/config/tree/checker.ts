import type { Script } from './scripts.js'

/** What all checkers of a port have in common. Times in milliseconds. */
export interface CheckTiming {
  alpha: boolean
  /** Checks that may fail before the server is taken for down. */
  retry: number
  delayBeforeRetryMs: number
  /** The first check is at a random time within it. */
  warmupMs: number
  delayLoopMs: number
  connectTimeoutMs: number
  logAllFailures: boolean
}

export interface CheckTarget {
  /** Absent: the real server's. */
  connectIp?: string
  connectPort?: number
  bindTo?: string
  bindInterface?: string
  bindPort?: number
  fwmark: number
}

export interface Url {
  path: string
  /** 32 hexadecimal digits, lower case. */
  digest?: string
  /** Pairs of first and last; absent: 200 to 299, or any with a digest or regex. */
  statusCodes?: readonly (readonly [first: number, last: number])[]
  virtualhost?: string
  regex?: string
  regexNoMatch: boolean
  regexOptions: readonly string[]
  regexStack?: readonly [start: number, most: number]
  regexMinOffset: number
  regexMaxOffset?: number
}

export type Checker = { readonly kind: 'BFD_CHECK'; name?: string } | FileCheck | PortChecker | MiscCheck

export interface FileCheck {
  readonly kind: 'FILE_CHECK'
  trackFile?: string
  weight: number
  isReverse: boolean
}

export interface MiscCheck extends CheckTiming {
  readonly kind: 'MISC_CHECK'
  script?: Script
  /** 0: none but delay_loop. */
  timeoutMs: number
  isDynamic: boolean
  user?: string
  group?: string
}

export interface HttpCheck extends CheckTiming, CheckTarget {
  readonly kind: 'HTTP_GET' | 'SSL_GET'
  readonly urls: Url[]
  httpProtocol: '1.0' | '1.0C' | '1.1'
  virtualhost?: string
  fastRecovery: boolean
  enableSni: boolean
}

export interface DnsCheck extends CheckTiming, CheckTarget {
  readonly kind: 'DNS_CHECK'
  type: string
  name: string
}

export interface SmtpCheck extends CheckTiming, CheckTarget {
  readonly kind: 'SMTP_CHECK'
  heloName: string
}

export interface UdpCheck extends CheckTiming, CheckTarget {
  readonly kind: 'UDP_CHECK'
  /** Absent: 32 octets of a default text. */
  payload?: Buffer
  requireReply: boolean
  /** Hexadecimal digits of the reply, X for any. */
  reply?: string
  minReplyLength: number
  maxReplyLength: number
}

export interface TcpCheck extends CheckTiming, CheckTarget {
  readonly kind: 'TCP_CHECK'
}

export interface PingCheck extends CheckTiming, CheckTarget {
  readonly kind: 'PING_CHECK'
}

export type PortChecker = HttpCheck | DnsCheck | SmtpCheck | UdpCheck | TcpCheck | PingCheck
