import { readScenario } from '../../../../native-free/simulate/scenario/read-scenario.js'
import type { SimulationResult } from '../../../../native-free/simulate/result.js'
import { simulate } from '../../../../native-free/simulate/simulation.js'
import { lineOnDirector } from '../../../../src/cli/uvs/simulate/line-on-director.js'
import { loadKeepalived } from '../../../../src/cli/uvs/simulate/load-keepalived.js'

/** Runs a scenario that is no file. */
export async function localScenario(
  value: unknown,
  reached: (ms: number) => void = () => {},
): Promise<SimulationResult> {
  const scenario = readScenario(value)
  return simulate({
    scenario,
    keepalived: loadKeepalived(scenario, 'scenario.yaml'),
    runLine: lineOnDirector,
    reached: async ms => reached(ms),
    report: problem => {
      throw new Error(problem)
    },
  })
}
