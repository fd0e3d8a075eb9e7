import { hostPart, type LabPlan } from '../../native-free/lab-plan.js'
import type { Figures } from './figures.js'
import type { Effort, HalfLoad, Measure, Turn } from './measures.js'
import type { Runner } from './runner.js'
import { addDirectCable, benchPlan, SERVER_DIRECT } from './topology.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'

export interface TurnOptions {
  /** The prefix of the namespaces' names. */
  prefix: string
  effort: Effort
  half: HalfLoad
  /** How many services uvs has. */
  services: number
  signal: AbortSignal
}

export interface TurnResult {
  figures: Figures
  /** What could not be measured and why, a line each. */
  failures: string[]
}

/** One runner's turn, in its own namespaces: runs these measures, as far as they apply to it. Throws when `signal` is aborted. */
export async function takeTurn(
  runner: Runner,
  measures: readonly Measure[],
  options: TurnOptions,
): Promise<TurnResult> {
  const { prefix, effort, half, services, signal } = options
  const web = { quiet: true, workers: true, bigOctets: effort.octets, uploads: true }
  const plan = benchPlan(runner.mode, runner.beside)
  const result: TurnResult = { figures: {}, failures: [] }
  const lab = await NetnsLab.build({ prefix, plan, io: runner.io, signal, web, decap: runner.decap })
  const attempt = async (what: string, work: () => Promise<void>): Promise<boolean> => {
    try {
      await work()
      return true
    } catch (error) {
      signal.throwIfAborted()
      result.failures.push(`${what}: ${(error as Error).message}`)
      return false
    }
  }
  try {
    await addDirectCable(lab.spaces, plan)
    let turn: Turn | undefined
    await attempt('start', async () => {
      const balancer = await runner.start(lab, services)
      const address = addressOf(runner, plan)
      turn = {
        lab,
        runner,
        balancer,
        address,
        url: `http://${address}:${plan.port}/`,
        effort,
        half,
        figures: result.figures,
      }
    })
    for (const { name, concerns, run } of turn ? measures : []) {
      if (concerns?.(runner) ?? true)
        await attempt(name, async () => void Object.assign(result.figures, await run(turn!)))
    }
    return result
  } finally {
    await lab.remove()
  }
}

/** What the client sends requests to. */
function addressOf({ direct }: Runner, { vip, servers }: LabPlan): string {
  if (direct === 'cable') return SERVER_DIRECT
  return direct === 'routed' ? hostPart(servers[0]!.address) : vip
}
