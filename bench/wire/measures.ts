import type { Figures } from './figures.js'
import type { Balancer, Runner } from './runner.js'
import { cpuBetween, type CpuReading, readCpu } from './cpu-per-packet.js'
import { pacedRequests, thinkingUsers, usersFor } from './half-load.js'
import { connections, download, fewRequests, keptRequests, upload } from '../../netns-lab/loads.js'
import { TICKS_A_SECOND } from '../../netns-lab/director-counters.js'
import type { NetnsLab } from '../../netns-lab/netns-lab.js'
import { which } from '../../netns-lab/tools.js'
import { udpRate } from './udp-rate.js'

/** The effort of each measure. */
export interface Effort {
  /** Seconds of wrk. */
  seconds: number
  /** Requests of ab. */
  requests: number
  /** The size of the large file, and how often it is transferred. */
  octets: number
  transfers: number
}

export const EFFORT: Effort = { seconds: 3, requests: 15_000, octets: 200_000_000, transfers: 3 }

/** One runner's turn: its lab is built, the balancer runs. */
export interface Turn {
  lab: NetnsLab
  runner: Runner
  balancer: Balancer
  /** The address that the client sends requests to. */
  address: string
  /** The base URL of its requests, ending with a slash. */
  url: string
  effort: Effort
  /** The figures of the earlier measures. */
  figures: Figures
  /** Shared by the turns of a round. */
  half: HalfLoad
}

/** The same load for every runner; unless given, the round's first runner determines it. */
export interface HalfLoad {
  perSecond?: number
  /** wrk's connections that pause between two requests and together make that rate. */
  users?: number
}

export interface Measure {
  name: string
  /** The program that it requires. */
  needs?: string
  /** Whether it applies to this runner; without it, to all. */
  concerns?(runner: Runner): boolean
  run(turn: Turn): Promise<Figures>
}

/** In the order in which a turn runs them. */
export const measures: readonly Measure[] = [
  {
    name: 'wrk',
    needs: 'wrk',
    run: saturate,
  },
  {
    name: 'half',
    needs: 'wrk',
    async run(turn) {
      const { lab } = turn
      const { perSecond, p50, p99 } = await pacedRequests(lab, turn.address, await halfRate(turn), turn.effort.seconds)
      return { half: perSecond, 'half-p50': p50, 'half-p99': p99 }
    },
  },
  {
    name: 'think',
    needs: 'wrk',
    async run(turn) {
      const { lab, url, effort, half } = turn
      const wrk = which('wrk')!
      half.users ??= await usersFor(lab, wrk, url, await halfRate(turn))
      await thinkingUsers(lab, wrk, url, half.users, 1) // warms up
      const { requestsPerSecond, p50, p99 } = await thinkingUsers(lab, wrk, url, half.users, effort.seconds)
      return { think: requestsPerSecond, ...percentiles('think', p50, p99) }
    },
  },
  {
    name: 'ab',
    needs: 'ab',
    run: async ({ lab, url, effort }) => ({
      ab: await connections(lab, which('ab')!, { url, requests: effort.requests }),
    }),
  },
  {
    name: 'ab20',
    needs: 'ab',
    run: async ({ lab, url, effort }) =>
      [...lab.servers.values()].every(({ kind }) => kind === 'nginx')
        ? { ab20: await fewRequests(lab, which('ab')!, url, effort.requests * 4) }
        : {},
  },
  {
    name: 'download',
    needs: 'curl',
    run: async ({ lab, url, effort }) => ({ download: await download(lab, { url, times: effort.transfers }) }),
  },
  {
    name: 'upload',
    needs: 'curl',
    run: async ({ lab, url, effort }) => ({
      upload: await upload(lab, which('curl')!, { url, times: effort.transfers }),
    }),
  },
  {
    name: 'udp',
    concerns: ({ tcpOnly = false }) => !tcpOnly,
    run: async ({ lab, address }) => ({ udp: await udpRate(lab, address) }),
  },
]

/** Runs wrk, and measures the director's CPUs meanwhile. */
async function saturate({ lab, url, effort, balancer }: Turn): Promise<Figures> {
  let before: CpuReading | undefined
  const warm = async (): Promise<void> => void (before = await readCpu(lab, balancer.pids))
  const { requests, requestsPerSecond, p50, p99 } = await keptRequests(lab, effort.seconds, { url, warm })
  const after = await readCpu(lab, balancer.pids)
  const { userNs, systemNs, softirqNs } = cpuBetween(before!, after)
  return {
    wrk: requestsPerSecond,
    'cpu-request': ((after.busy - before!.busy) * (1e6 / TICKS_A_SECOND)) / requests,
    ...percentiles('wrk', p50, p99),
    ...(balancer.pids.length === 0 ? {} : { 'cpu-user': userNs, 'cpu-system': systemNs }),
    'cpu-softirq': softirqNs,
  }
}

async function halfRate({ lab, url, figures, half }: Turn): Promise<number> {
  half.perSecond ??= Math.round((figures.wrk ?? (await keptRequests(lab, 1, { url })).requestsPerSecond) / 2)
  return half.perSecond
}

function percentiles(of: 'wrk' | 'think', p50: number | undefined, p99: number | undefined): Figures {
  return { ...(p50 === undefined ? {} : { [`${of}-p50`]: p50 }), ...(p99 === undefined ? {} : { [`${of}-p99`]: p99 }) }
}
