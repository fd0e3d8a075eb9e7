import type { Figures } from './bench-figures.js'
import type { Balancer, Runner } from './bench-runners.js'
import { connections, download, keptRequests, upload } from './loads.js'
import type { NetnsLab } from './netns-lab.js'
import { which } from './tools.js'
import { udpRate } from './udp-rate.js'

/** How much each measure takes. */
export interface Effort {
  /** Of wrk. */
  seconds: number
  /** Of ab. */
  requests: number
  /** Of the large file, and how often it is transferred. */
  octets: number
  transfers: number
}

export const EFFORT: Effort = { seconds: 3, requests: 15_000, octets: 200_000_000, transfers: 3 }

/** One runner's turn: its lab stands, the balancer runs. */
export interface Turn {
  lab: NetnsLab
  runner: Runner
  balancer: Balancer
  /** The address that the client asks. */
  address: string
  /** What it asks for by HTTP, ending with a slash. */
  url: string
  effort: Effort
}

export interface Measure {
  name: string
  /** The program that it cannot do without. */
  needs?: string
  /** Whether it says something of this runner; of all unless told. */
  concerns?(runner: Runner): boolean
  run(turn: Turn): Promise<Figures>
}

/** In the order in which a turn takes them. */
export const measures: readonly Measure[] = [
  {
    name: 'wrk',
    needs: 'wrk',
    async run({ lab, url, effort }) {
      const { requestsPerSecond, p50, p99 } = await keptRequests(lab, effort.seconds, { url })
      return { wrk: requestsPerSecond, ...(p50 ? { 'wrk-p50': p50 } : {}), ...(p99 ? { 'wrk-p99': p99 } : {}) }
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
