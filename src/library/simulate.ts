/* `uvs/simulate`: clients, real servers, links and directors in virtual time. docs/library.md, docs/scenarios.md */
import { readScenario } from '../../native-free/simulate/scenario/read-scenario.js'
import { ScenarioError } from '../../native-free/simulate/scenario/scenario-error.js'
import { simulate as run } from '../../native-free/simulate/simulation.js'
import type { SimulationResult } from '../../native-free/simulate/result.js'
import { loadKeepalived } from '../cli/uvs/simulate/load-keepalived.js'
import { lineOnDirector } from '../cli/uvs/simulate/line-on-director.js'
import { UsageError } from '../director/options.js'

export type { SimulationResult }

export interface SimulateOptions {
  /** 0 to 4294967295, in the place of the scenario's: another seed, another run. */
  seed?: number
  /** The folder in which a scenario's `keepalived` files are; the current one unless given. */
  folder?: string
}

/**
 * Runs a scenario: an object as docs/schema/scenario-1.json says, what a YAML file holds. The same scenario and seed give the same result.
 * `ok` of the result: all that the scenario asserts holds. UsageError for a scenario that is wrong; its line names the place.
 */
export async function simulate(
  scenario: object,
  { seed, folder = '.' }: SimulateOptions = {},
): Promise<SimulationResult> {
  try {
    const read = readScenario(seed === undefined ? scenario : { ...scenario, seed })
    return await run({
      scenario: read,
      keepalived: loadKeepalived(read, `${folder}/scenario`),
      runLine: lineOnDirector,
      report() {},
    })
  } catch (error) {
    throw error instanceof ScenarioError ? new UsageError(error.message) : error
  }
}
