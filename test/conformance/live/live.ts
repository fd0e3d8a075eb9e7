import { besideScenario } from './beside-scenario.js'
import { passes } from './comparison.js'
import { generate } from './generate.js'
import { KernelDown } from '../../../netns-lab/uml/kernel-down.js'
import { Kernel, whyNoKernel } from './kernel.js'
import { modeWords } from '../mode-words.js'
import type { Mode } from '../rig.js'
import type { LiveArguments } from './live-arguments.js'
import type { Scenario } from './scenario.js'
import { talkativeScenario } from './talkative-scenario.js'

/** After how many scenarios it says that it goes on. */
const PROGRESS = 50

/**
 * Plays random scenarios on uvs and on the real kernel, started for it, and prints what differs, each difference by the
 * smallest scenario that shows it. Answers whether there were none. Where there is no kernel nothing is compared.
 */
export async function live(
  { seed, count }: LiveArguments,
  print: (line: string) => void,
  mode: Mode = {},
): Promise<boolean> {
  const reason = whyNoKernel()
  if (reason) {
    print(`0 passed, 0 failed, live comparison skipped: ${reason}`)
    return true
  }
  print(`live comparison with Linux under user-mode-linux: ${modeWords(mode)}--seed ${seed} --count ${count}`)
  const kernel = boot(print)
  if (!kernel) return false
  const stop = (): never => {
    kernel.down()
    process.exit(130)
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  let failed = 0
  try {
    for (let index = 0; index < count; index++) {
      if (index > 0 && index % PROGRESS === 0) print(`      ${index} played, ${failed} failed`)
      if (!(await passes({ kernel, mode }, scenarioOf(seed, index, mode), print))) failed++
    }
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    kernel.down()
  }
  print(`${count - failed} passed, ${failed} failed`)
  return failed === 0
}

function scenarioOf(seed: number, index: number, mode: Mode): Scenario {
  const drawn = generate(seed, index)
  const scenario = mode.offload ? talkativeScenario(drawn) : drawn
  return mode.isBeside ? besideScenario(scenario) : scenario
}

/** With one that does not boot nothing can be compared: undefined, and said. */
function boot(print: (line: string) => void): Kernel | undefined {
  try {
    return Kernel.boot()
  } catch (error) {
    if (!(error instanceof KernelDown)) throw error
    print(`0 passed, nothing was compared: ${error.message}`)
    return undefined
  }
}
