/* What a checker is told, defaults filled in: the shapes of a configuration's tree. Times in milliseconds. */

export interface Script {
  /** The program, then its arguments. */
  readonly words: readonly string[]
  /** As it stands in the configuration. */
  readonly text: string
  readonly user?: string
  readonly group?: string
}

/** When a check is done, and how often it may fail. */
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

/** Where a check goes, and where it comes from. */
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
  /** Pairs of first and last; absent: 200 to 299. */
  statusCodes?: readonly (readonly [first: number, last: number])[]
  virtualhost?: string
  regex?: string
  regexNoMatch: boolean
  regexOptions: readonly string[]
  regexMinOffset: number
  regexMaxOffset?: number
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

export interface PlainCheck extends CheckTiming, CheckTarget {
  readonly kind: 'TCP_CHECK' | 'PING_CHECK'
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

export interface FileCheck {
  readonly kind: 'FILE_CHECK'
  trackFile?: string
  weight: number
  isReverse: boolean
}

/** Checks of an address. */
export type PeerCheck = HttpCheck | DnsCheck | SmtpCheck | UdpCheck | PlainCheck
