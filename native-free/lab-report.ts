import { hostPart, type LabPlan } from './lab-plan.js'

/** What a lab run came to. `uvs lab … --json FILE` writes it. */
export interface LabReport {
  mode: string
  io: 'raw' | 'tap' | 'sim'
  /** Why it is simulated though that was not asked for. */
  fallback?: string
  /** What put the load on. */
  load: string
  requests: number
  concurrency: number
  answered: number
  failed: number
  /** How long the load took; in virtual time with io sim. */
  seconds: number
  requestsPerSecond: number
  /** The slowest of a hundred requests, ms. */
  p99Ms: number
  servers: ServerReport[]
  /** What the client and the servers counted of wrong checksums. */
  checksumErrors: number
  node: string
  cpu: string
  kernel: string
  commit: string
}

export interface ServerReport {
  name: string
  address: string
  weight: number
  /** Requests answered, by its own count. */
  answered: number
}

/** Each server's own count beside what the plan says of it. */
export function serverReports(plan: LabPlan, answered: (name: string) => number): ServerReport[] {
  return plan.servers.map(({ name, address, weight }) => ({
    name,
    address: hostPart(address),
    weight,
    answered: answered(name),
  }))
}

/** Everything asked was answered, by some real server. */
export function succeeded({ requests, answered, failed, servers }: LabReport): boolean {
  const served = servers.reduce((sum, server) => sum + server.answered, 0)
  return failed === 0 && answered === requests && served === requests
}

/** 'rs1 (172.16.20.100, weight 3) answered 3750, …; 0 of 5000 requests failed' */
export function spreadLine({ servers, failed, requests }: LabReport): string {
  const each = servers.map(
    ({ name, address, weight, answered }) => `${name} (${address}, weight ${weight}) answered ${answered}`,
  )
  return `${each.join(', ')}; ${failed} of ${requests} requests failed`
}
