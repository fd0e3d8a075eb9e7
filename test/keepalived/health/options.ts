import type { HttpCheck, TcpCheck, Url } from '../../../src/keepalived/config/tree/checker.js'
import type { RealServer } from '../../../src/keepalived/config/tree/virtual-server.js'
import type { CheckedService } from '../../../src/keepalived/health/checked-service.js'

const NAT = { kind: 'NAT' } as const

/** TCP_CHECK: delay_loop 2, connect_timeout 1, retry 1, delay_before_retry 1, warmup 0. */
export function tcp(more: Partial<TcpCheck> = {}): TcpCheck {
  return {
    kind: 'TCP_CHECK',
    alpha: false,
    retry: 1,
    delayBeforeRetryMs: 1000,
    warmupMs: 0,
    delayLoopMs: 2000,
    connectTimeoutMs: 1000,
    logAllFailures: false,
    fwmark: 0,
    ...more,
  }
}

export function http(paths: readonly string[], more: Partial<HttpCheck> = {}): HttpCheck {
  const urls = paths.map((path): Url => ({ path, regexNoMatch: false, regexOptions: [], regexMinOffset: 0 }))
  return { ...tcp(), kind: 'HTTP_GET', urls, httpProtocol: '1.0', fastRecovery: false, enableSni: false, ...more }
}

/** 10.1.2.N port 80. */
export function real(n: number, weight = 1, more: Partial<RealServer> = {}): RealServer {
  return {
    address: `10.1.2.${n}`,
    family: 4,
    port: 80,
    weight,
    method: NAT,
    upperThreshold: 0,
    lowerThreshold: 0,
    alpha: false,
    inhibitOnFailure: false,
    checkers: [tcp()],
    ...more,
  }
}

/** 10.1.1.1 port 80. */
export function virtual(realServers: RealServer[], more: Partial<CheckedService> = {}): CheckedService {
  return {
    target: { kind: 'address', address: '10.1.1.1', family: 4, port: 80 },
    name: 'V',
    protocol: 'tcp',
    scheduler: 'wrr',
    method: NAT,
    persistenceSeconds: 0,
    flags: new Set(),
    ops: false,
    alpha: false,
    omega: false,
    haSuspend: false,
    inhibitOnFailure: false,
    weight: 1,
    entries: [],
    quorum: 1,
    hysteresis: 0,
    realServers,
    ...more,
  }
}

export function sorry(n: number, isInhibited = false): NonNullable<CheckedService['sorryServer']> {
  return { address: `10.1.2.${n}`, family: 4, port: 80, isInhibited, method: NAT }
}

export const command = (text: string): { words: string[]; text: string } => ({ words: [text], text })
