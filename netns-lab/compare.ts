import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { LAB_MODES, type LabMode, rules } from '../native-free/lab-plan.js'
import { hardwareLine } from '../native-free/lab-report.js'
import { comparisonTable, type ModeFigures, orderLines, summariseModes } from './compare-figures.js'
import { difference, directorCounters } from './director-counters.js'
import { connections, download, keptRequests } from './loads.js'
import { hardware } from './hardware.js'
import { NetnsLab } from './netns-lab.js'
import { alike, PLANS } from './plans.js'
import { which } from './tools.js'

/** How much to measure. */
export interface Effort {
  rounds: number
  /** Seconds of requests on persistent connections. */
  seconds: number
  /** Requests with a connection each. */
  requests: number
  /** Octets of the download. */
  octets: number
}

const EFFORT: Effort = { rounds: 3, seconds: 2, requests: 15_000, octets: 200_000_000 }
/** A load average above this means that other processes take CPU time from the measurement. */
const BUSY = 0.5

export interface CompareOptions {
  io: 'raw' | 'tap'
  prefix: string
  json?: string
  print: (line: string) => void
  signal: AbortSignal
  effort?: Effort
}

/** `uvs lab all`: every mode in turn, round by round, so that other activity on the host affects all modes alike. */
export async function compareModes(options: CompareOptions): Promise<number> {
  const { io, json, print, effort = EFFORT } = options
  const host = hardware()
  const load = loadavg()[0]!
  print(`uvs lab all --io ${io}`)
  print(hardwareLine(host))
  if (load > BUSY) print(`The machine is busy, load average ${load.toFixed(1)}: take the figures with care.`)
  print('Each real server is one hop from the director, weight 1, rr. Loads: requests on 50 connections that stay open')
  print(
    `(wrk, else ab -k); a connection a request, 50 at a time (ab); a download of ${effort.octets / 1e6} MB. Each runs once before it counts.`,
  )
  if (!which('ab')) print('ab is not installed: no connections/s')
  const rounds = new Map<LabMode, ModeFigures[]>(LAB_MODES.map(mode => [mode, []]))
  for (let round = 1; round <= effort.rounds; round++) {
    for (const mode of LAB_MODES) {
      print(`round ${round} of ${effort.rounds}: ${mode}`)
      rounds.get(mode)!.push(await measureMode(mode, options))
    }
  }
  const modes = summariseModes(rounds)
  const order = orderLines(modes)
  print(`median of ${effort.rounds} rounds`)
  for (const line of comparisonTable(modes)) print(line)
  print(
    '(µs: CPU time of the director, its looking for frames included, while the requests/s were counted; packets it received.)',
  )
  for (const line of order) print(line)
  if (json !== undefined) {
    writeFileSync(
      json,
      `${JSON.stringify({ ...host, io, load, rounds: effort.rounds, modes, order: order.join(' ') }, null, 2)}\n`,
    )
  }
  return 0
}

async function measureMode(mode: LabMode, options: CompareOptions): Promise<ModeFigures> {
  const { io, prefix, signal, effort = EFFORT } = options
  const plan = alike(PLANS[mode])
  const web = { quiet: true, workers: true, bigOctets: effort.octets }
  const lab = await NetnsLab.build({ prefix, plan, io, signal, web })
  try {
    const director = await lab.startDirector()
    for (const rule of rules(plan)) {
      const { status, err } = await director.admin(rule, signal)
      if (status !== 0) throw new Error(`${mode}: uvsadm ${rule.join(' ')}: status ${status}: ${err.trim()}`)
    }
    let before = await directorCounters(lab, director.id.pid)
    const { requestsPerSecond, requests } = await keptRequests(lab, effort.seconds, {
      warm: async () => void (before = await directorCounters(lab, director.id.pid)),
    })
    const { cpuSeconds, received } = difference(before, await directorCounters(lab, director.id.pid))
    const ab = which('ab')
    return {
      requestsPerSecond,
      ...(ab ? { connectionsPerSecond: await connections(lab, ab, { requests: effort.requests }) } : {}),
      gbitPerSecond: await download(lab),
      microsecondsPerPacket: (cpuSeconds * 1e6) / received.packets,
      microsecondsPerRequest: (cpuSeconds * 1e6) / requests,
    }
  } finally {
    await lab.remove()
  }
}
