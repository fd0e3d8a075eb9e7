import type { RealServerResult, SimulationResult } from '../../native-free/simulate/result.js'

const STEPS = 60
const of = (valueAt: (step: number) => number): number[] => Array.from({ length: STEPS }, (_, step) => valueAt(step))

function realServer(name: string, at: number): RealServerResult {
  const isUp = (step: number): boolean => at !== 0 || step < 20 || step >= 40
  const answered = of(step => (isUp(step) ? 40 + ((step * 7 + at * 13) % 11) : 0))
  return {
    name,
    address: `10.2.0.${at + 1}`,
    connections: answered.reduce((sum, each) => sum + each, 0),
    sharePercent: 33.33,
    answered: answered.reduce((sum, each) => sum + each, 0),
    overflowed: 0,
    queueMost: 5,
    queuedMsMost: 12.5,
    busyPercent: 71.25,
    broken: at === 0 ? 9 : 0,
    series: {
      connections: answered,
      answered,
      busy: of(step => (isUp(step) ? 4 : 0)),
      queued: of(step => (step >= 20 && step < 40 && at !== 0 ? 5 : 0)),
      open: of(step => (isUp(step) ? 12 + at : 0)),
      activeConns: of(() => 10),
      inactConns: of(() => 2),
      weight: of(() => 1),
      up: of(step => (isUp(step) ? 1 : 0)),
    },
  }
}

/** A result as of a scenario in which the first real server fails and comes back. `name`: whatever a scenario may have. */
export function sampleSimulation(name = 'a failed real server', servers = ['rs1', 'rs2', 'rs3']): SimulationResult {
  const failed = of(step => (step === 20 || step === 21 ? 30 : 0))
  return {
    format: 'uvs-simulation-1',
    name,
    seed: 1,
    durationMs: STEPS * 1000,
    requests: {
      started: 8000,
      answered: 7940,
      broken: 9,
      refused: 0,
      timedOut: 51,
      unfinished: 0,
      moved: 0,
      latencyMs: { p50: 21, p90: 40.123, p99: 95, max: 410 },
    },
    realServers: servers.map(realServer),
    directors: [
      {
        name: 'lb1',
        received: 64_000,
        sent: 63_900,
        connectionsMost: 2200,
        series: { connections: of(step => step * 35), dropped: failed, state: Array.from({ length: STEPS }, () => '') },
      },
    ],
    drops: [{ reason: 'host-down', count: 60, series: failed }],
    series: {
      stepMs: 1000,
      endMs: of(step => (step + 1) * 1000),
      started: of(() => 133),
      answered: of(step => (step === 20 ? 90 : 133)),
      failed,
      broken: of(step => (step === 20 ? 9 : 0)),
      p50Ms: of(() => 21),
      p99Ms: of(step => 80 + (step % 9)),
      imbalance: of(step => (step >= 20 && step < 40 ? 1.5 : 1.02)),
      flood: of(() => 0),
    },
    events: [
      { atMs: 20_000, kind: 'fail', text: `${servers[0]} fails`, isOutcome: false },
      { atMs: 22_000, kind: 'check', text: `${servers[0]} is taken out`, isOutcome: true },
      { atMs: 40_000, kind: 'recover', text: `${servers[0]} recovers`, isOutcome: false },
    ],
    drains: [{ realServer: servers[0]!, beganMs: 50_000, tookMs: null, cut: 0 }],
    recoveries: [{ event: `${servers[0]} fails`, atMs: 20_000, tookMs: 1900, failed: 60 }],
    assertions: [
      { text: 'no real server above 40 %', ok: true, found: 'rs2 had 36.1 %' },
      { text: 'no connection broken', ok: false, found: '9 connections broke' },
    ],
    ok: false,
  }
}
