import { Dice } from './dice.js'
import { drawCommands, sysctlLine } from './generate-commands.js'
import { drawCrowd, drawFlow, drawTalk } from './generate-packets.js'
import { planService, type PlannedService } from './generate-services.js'
import type { Flow, LiveStep, Scenario } from './scenario.js'

/** What pauses are for: timers of 1 s (`--set 1 1 1`) run out in all of them, persistence of 2 s in most, CLOSE's 10 s in the long ones. */
const SHORT_PAUSES = [1.6, 3.2]
const LONG_PAUSE = 11.5

/** Counters are copied for users every 2 s (ipvs-behaviour.md §11.2). */
const STATS_SECONDS = 2

/** Scenario number `index` of a seed. The same one every time. */
export function generate(seed: number, index: number): Scenario {
  const dice = new Dice(Math.imul(seed, 0x01000193) ^ Math.imul(index + 1, 0x85ebca6b))
  const setup: string[] = []
  for (let left = dice.pick([0, 0, 1, 1, 2, 3]); left > 0; left--) setup.push(sysctlLine(dice))
  const pause = drawPause(dice)
  if (pause) setup.push('ipvsadm --set 1 1 1')
  const services: PlannedService[] = []
  for (
    let left = dice.weighted([
      [6, 1],
      [3, 2],
      [1, 3],
    ]);
    left > 0;
    left--
  ) {
    const { service, lines } = planService(dice, services, pause !== undefined)
    services.push(service)
    setup.push(...lines)
  }
  return { name: `live-${seed}-${index}`, setup, steps: drawSteps(dice, services, pause) }
}

/** Seconds; undefined: no time passes. */
function drawPause(dice: Dice): number | undefined {
  return dice.weighted([
    [80, undefined],
    [17, dice.pick(SHORT_PAUSES)],
    [3, LONG_PAUSE],
  ])
}

function drawSteps(dice: Dice, services: PlannedService[], pause: number | undefined): LiveStep[] {
  const flows: Flow[] = []
  const steps: LiveStep[] = []
  for (let turns = dice.between(8, 40); turns > 0; turns--) {
    const service = dice.pick(services)
    if (dice.chance(25)) steps.push(...drawCommands(dice, services).map(script => ({ kind: 'do' as const, script })))
    else if (dice.chance(8)) steps.push(...drawCrowd(dice, service))
    else {
      if (flows.length === 0 || dice.chance(35)) flows.push(drawFlow(dice, service))
      steps.push(...drawTalk(dice, dice.chance(50) ? flows.at(-1)! : dice.pick(flows)))
    }
  }
  if (pause === undefined) return steps
  const at = dice.between(Math.floor(steps.length / 2), steps.length)
  const waited: LiveStep[] = [{ kind: 'pause', seconds: pause }]
  // By then the counters of all that went before are to be seen, unless they are zeroed at some other time.
  if (pause > STATS_SECONDS && !steps.some(isZeroing)) waited.push({ kind: 'do', script: 'ipvsadm -Ln --stats' })
  return steps.toSpliced(at, 0, ...waited)
}

/** Zeroing goes from the last copy on. A service that is deleted and made again has its servers' counters zeroed. */
function isZeroing(step: LiveStep): boolean {
  return step.kind === 'do' && /ipvsadm -[ZDC]/.test(step.script)
}
