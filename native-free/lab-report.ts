import type { Hop } from './lab-path.js'
import { hostPart, type LabPlan } from './lab-plan.js'

/** What a run was made on. */
export interface Machine {
  node: string
  cpu: string
  kernel: string
  commit: string
}

/** What a load came to. */
export interface LoadFigures {
  answered: number
  failed: number
  /** How long it took; in virtual time with io sim. */
  seconds: number
  requestsPerSecond: number
  /** 99 of 100 requests took no longer. */
  p99Ms: number
}

export interface ServerReport {
  name: string
  address: string
  weight: number
  /** Requests answered, by its own count. */
  answered: number
}

/** Something that makes a mode what it is. */
export interface Check {
  name: string
  holds: boolean
  /** What was seen. */
  detail: string
}

/** What a lab run came to. `uvs lab … --json FILE` writes it. */
export interface LabReport extends LoadFigures, Machine {
  mode: string
  io: 'raw' | 'tap' | 'sim'
  /** What put the load on. */
  load: string
  requests: number
  concurrency: number
  servers: ServerReport[]
  /** Connections that the client began. ab begins a few that it makes no use of. */
  connections: number
  /** Packets whose checksum the client or a server found wrong. */
  checksumErrors: number
  /** The load on connections that stay open, where wrk is installed. */
  wrk?: { command: string; requestsPerSecond: number }
  /** The way of one request and its answer; not where it is simulated. */
  path?: Hop[]
  checks?: Check[]
  /** Why it is simulated though that was not asked for. */
  fallback?: string
}

/** Each server's own count beside what the plan says of it. */
export function serverReports(plan: LabPlan, answered: (name: string) => number): ServerReport[] {
  return plan.servers.map(({ name, address, weight }) => {
    return { name, address: hostPart(address), weight, answered: answered(name) }
  })
}

/** Every request was answered, each by one of the real servers, and all checks hold. */
export function succeeded({ requests, answered, failed, servers, checks = [] }: LabReport): boolean {
  const served = servers.reduce((sum, server) => sum + server.answered, 0)
  return failed === 0 && answered === requests && served === requests && checks.every(({ holds }) => holds)
}

/** 'ok: replies do not pass the director: of a download of …' */
export function checkLine({ name, holds, detail }: Check): string {
  return `${holds ? 'ok' : 'FAILED'}: ${name}: ${detail}`
}

/** 'Node v20.20.2, 2 × AMD EPYC, kernel 6.18.44, commit 9737d92' */
export function machineLine({ node, cpu, kernel, commit }: Machine): string {
  return `Node ${node}, ${cpu}, kernel ${kernel}, commit ${commit}`
}

/** '5000 requests in 0.28 s, 17857 a second, 99 of 100 within 9 ms' */
export function speedLine({ answered, seconds, requestsPerSecond, p99Ms }: LoadFigures): string {
  const speed = `${answered} answered in ${seconds.toFixed(2)} s, ${Math.round(requestsPerSecond)} a second`
  return `${speed}, 99 of 100 within ${p99Ms} ms`
}

/** 'rs1 (172.16.20.100, weight 3) answered 3750, …; 0 of 5000 requests failed' */
export function spreadLine({ servers, failed, requests, checksumErrors }: LabReport): string {
  const each = servers.map(server => {
    return `${server.name} (${server.address}, weight ${server.weight}) answered ${server.answered}`
  })
  const errors = checksumErrors === 0 ? '' : `; ${checksumErrors} packets with a wrong checksum`
  return `${each.join(', ')}; ${failed} of ${requests} requests failed${errors}`
}
