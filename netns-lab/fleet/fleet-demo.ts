import { checkLine } from '../../native-free/lab-report.js'
import { hardware } from '../hardware.js'
import { which } from '../tools.js'
import { fleetChecks } from './fleet-checks.js'
import { FleetLab } from './fleet-lab.js'
import { DIRECTORS } from './fleet-plan.js'
import { fleetTable, type FleetReport } from './fleet-report.js'
import { FleetStory } from './fleet-story.js'

export interface FleetOptions {
  prefix: string
  /** Fewer downloads, and no cable is pulled. */
  isShort?: boolean
  print: (line: string) => void
  signal: AbortSignal
}

/** Why the lab cannot be; undefined: it can. */
export function whyNoFleet(): string | undefined {
  return which('bird') ? undefined : 'bird is not installed (Debian: bird2)'
}

/** Builds the lab, takes its directors through the story, prints what came of it; removes the lab, whatever happens. */
export async function fleetDemo({ prefix, isShort = false, print, signal }: FleetOptions): Promise<FleetReport> {
  for (const tool of ['nginx', 'ab']) if (!which(tool)) print(`${tool} is not installed: using a program of ours`)
  const beganMs = performance.now()
  const lab = await FleetLab.build({ prefix, signal })
  try {
    for (const name of DIRECTORS) print(`${name}$ uvs ${lab.arguments(name).join(' ')}`)
    for (const line of lab.rulesAsTyped('d1')) print(line)
    const story = new FleetStory(lab, isShort, print)
    const last = await story.tell()
    signal.throwIfAborted()
    const { steps, lateMs } = story
    const checks = fleetChecks({ steps, last, lateMs, lost: story.lost, hasEtcd: lab.etcd !== undefined })
    for (const line of ['', ...fleetTable(steps), '', ...checks.map(checkLine)]) print(line)
    return { mode: 'fleet', seconds: (performance.now() - beganMs) / 1000, steps, checks, ...hardware() }
  } finally {
    await lab.remove()
  }
}
