import type { Hop } from './lab-path.js'
import { hostPart, type LabPlan } from './lab-plan.js'

/** The hardware and software of a run. */
export interface Hardware {
  node: string
  cpu: string
  kernel: string
  commit: string
}

/** The results of a load. */
export interface LoadFigures {
  answered: number
  failed: number
  /** The duration in seconds; in virtual time with io sim. */
  seconds: number
  requestsPerSecond: number
  /** The 99th percentile of the requests' durations. */
  p99Ms: number
}

export interface ServerReport {
  name: string
  address: string
  weight: number
  /** Requests answered, by the server's own count. */
  answered: number
}

/** One property of a mode, checked. */
export interface Check {
  name: string
  holds: boolean
  /** What was observed. */
  detail: string
}

/** The report of a lab run. `uvs lab … --json FILE` writes it. */
export interface LabReport extends LoadFigures, Hardware {
  mode: string
  io: 'raw' | 'tap' | 'sim'
  /** The load tool. */
  load: string
  requests: number
  concurrency: number
  servers: ServerReport[]
  /** Connections that the client opened. ab opens a few that it does not use. */
  connections: number
  /** Packets that the client or a server received with a wrong checksum. */
  checksumErrors: number
  /** The load on persistent connections, where wrk is installed. */
  wrk?: { command: string; requestsPerSecond: number }
  /** The path of one request and its answer; absent in a simulated lab. */
  path?: Hop[]
  checks?: Check[]
  /** Why the lab is simulated although that was not requested. */
  fallback?: string
}

/** Each server's own count and its part of the plan. */
export function serverReports(plan: LabPlan, answered: (name: string) => number): ServerReport[] {
  return plan.servers.map(({ name, address, weight }) => {
    return { name, address: hostPart(address), weight, answered: answered(name) }
  })
}

/** Whether every request was answered by one of the real servers, and all checks hold. */
export function succeeded({ requests, answered, failed, servers, checks = [] }: LabReport): boolean {
  const served = servers.reduce((sum, server) => sum + server.answered, 0)
  return failed === 0 && answered === requests && served === requests && checks.every(({ holds }) => holds)
}

/** 'ok: replies do not pass the director: of a download of …' */
export function checkLine({ name, holds, detail }: Check): string {
  return `${holds ? 'ok' : 'FAILED'}: ${name}: ${detail}`
}

/** 'Node v20.20.2, 2 × AMD EPYC, kernel 6.18.44, commit 9737d92' */
export function hardwareLine({ node, cpu, kernel, commit }: Hardware): string {
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
