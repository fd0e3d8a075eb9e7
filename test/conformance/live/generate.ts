import { Dice } from './dice.js'
import { drawCommands, drawSwitch, routeLine, sysctlLine } from './generate-commands.js'
import { drawCrowd, drawEcho, drawFlow, drawTalk } from './generate-packets.js'
import { drawPieces } from './generate-pieces.js'
import { planService } from './generate-services.js'
import type { PlannedService } from './planned-service.js'
import { PLAY_IDS, type Flow, type LiveStep, type Scenario, type SendableStep } from './scenario.js'

/** What pauses are for: timers of 1 s (`--set 1 1 1`) run out in all of them, persistence of 2 s in most, CLOSE's 10 s in the long ones. */
const SHORT_PAUSES = [1.6, 3.2]
const LONG_PAUSE = 11.5

/** Counters are copied for users every 2 s (ipvs-behaviour.md §11.2). */
const STATS_SECONDS = 2
const STATS_PAUSE = 2.3

const FTP_PORT = 21

/** Scenario number `index` of a seed. The same one every time. */
export function generate(seed: number, index: number): Scenario {
  const dice = new Dice(Math.imul(seed, 0x01000193) ^ Math.imul(index + 1, 0x85ebca6b))
  const setup: string[] = []
  for (let left = dice.pick([0, 0, 1, 1, 2, 3]); left > 0; left--) setup.push(sysctlLine(dice))
  const pause = drawPause(dice)
  if (pause?.isBrief) setup.push('ipvsadm --set 1 1 1')
  const services: PlannedService[] = []
  const hasTinyMtus = dice.chance(10)
  const count = dice.weighted([
    [6, 1],
    [3, 2],
    [1, 3],
  ])
  for (let left = count; left > 0; left--) {
    const { service, lines } = planService(dice, services, pause?.isBrief === true, hasTinyMtus)
    services.push(service)
    setup.push(...lines)
    if (dice.chance(20)) setup.push(routeLine(dice, service))
  }
  return { name: `live-${seed}-${index}`, setup, steps: drawSteps(dice, services, pause) }
}

interface Pause {
  seconds: number
  /** Timers run out in it. */
  isBrief: boolean
}

/** Undefined: no time passes. */
function drawPause(dice: Dice): Pause | undefined {
  return dice.weighted<Pause | undefined>([
    [64, undefined],
    [17, { seconds: STATS_PAUSE, isBrief: false }],
    [16, { seconds: dice.pick(SHORT_PAUSES), isBrief: true }],
    [3, { seconds: LONG_PAUSE, isBrief: true }],
  ])
}

function drawSteps(dice: Dice, services: PlannedService[], pause: Pause | undefined): LiveStep[] {
  let flows: Flow[] = []
  let epoch = 0
  let datagrams = 0
  const steps: LiveStep[] = []
  /** As it is, or in pieces. */
  const sent = (step: SendableStep, percent: number): SendableStep[] => {
    const isWhole = step.kind === 'piece' || step.kind === 'tunnel-error' || !dice.chance(percent)
    return isWhole || datagrams === PLAY_IDS ? [step] : drawPieces(dice, step, datagrams++, !hasTinyMtus)
  }
  // A service of FTP has the kernel track connections, and put datagrams together at another place.
  const hasTinyMtus = services.some(service => service.hasTinyMtus)
  const isFtp = services.some(({ ports }) => ports.includes(FTP_PORT))
  const piecesOf = isFtp ? 0 : dice.pick([3, 15, 40])
  for (let turns = dice.between(8, 40); turns > 0; turns--) {
    const service = dice.pick(services)
    if (dice.chance(25)) steps.push(...drawCommands(dice, services).map(script => ({ kind: 'do' as const, script })))
    else if (dice.chance(2)) {
      const script = drawSwitch(dice, service)
      if (script !== undefined) steps.push({ kind: 'do', script })
      flows = []
      epoch++
    } else if (dice.chance(8)) steps.push(...drawCrowd(dice, service, epoch))
    else if (dice.chance(3)) steps.push(...sent(drawEcho(dice), isFtp ? 0 : 50))
    else {
      if (flows.length === 0 || dice.chance(35)) flows.push(drawFlow(dice, service, epoch))
      const talk = drawTalk(dice, dice.chance(50) ? flows.at(-1)! : dice.pick(flows))
      steps.push(...talk.flatMap(step => sent(step, piecesOf)))
    }
  }
  if (pause === undefined) return steps
  const at = dice.between(Math.floor(steps.length / 2), steps.length)
  const waited: LiveStep[] = [{ kind: 'pause', seconds: pause.seconds }]
  // By then the counters of all that went before are to be seen, unless they are zeroed at some other time.
  if (pause.seconds > STATS_SECONDS && !steps.some(isZeroing))
    waited.push({ kind: 'do', script: 'ipvsadm -Ln --stats' })
  return steps.toSpliced(at, 0, ...waited)
}

/** Zeroing goes from the last copy on. A service that is deleted and made again has its servers' counters zeroed. */
function isZeroing(step: LiveStep): boolean {
  return step.kind === 'do' && /ipvsadm -[ZDC]/.test(step.script)
}
