import type { Figures } from './bench-figures.js'
import { benchPlan, type Runner } from './bench-runners.js'
import { connections, download, keptRequests } from './loads.js'
import { NetnsLab } from './netns-lab.js'
import { which } from './tools.js'

const PREFIX = 'uvs-bench-'
const BIG_OCTETS = 200_000_000
const WRK_SECONDS = 5

/** One runner's turn, in namespaces of its own: every load whose tool is installed. */
export async function measure(runner: Runner, signal: AbortSignal): Promise<Figures> {
  const web = { quiet: true, workers: true, bigOctets: BIG_OCTETS }
  const lab = await NetnsLab.build({ prefix: PREFIX, plan: benchPlan, io: runner.io, signal, web })
  try {
    await runner.start(lab)
    const [wrk, ab, curl] = ['wrk', 'ab', 'curl'].map(which)
    return {
      ...(wrk ? { wrk: (await keptRequests(lab, WRK_SECONDS)).requestsPerSecond } : {}),
      ...(ab ? { ab: await connections(lab, ab) } : {}),
      ...(curl ? { curl: await download(lab) } : {}),
    }
  } finally {
    await lab.remove()
  }
}
