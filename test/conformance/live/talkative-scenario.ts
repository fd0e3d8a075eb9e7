import type { LiveStep, Scenario } from './scenario.js'

/** The most times that a packet is sent. */
const MOST = 4
const PLAIN_FLAGS = ['A', 'PA']

/** The scenario with plain packets sent several times: so that there are flows to be forwarded, which begin with a packet or two. */
export function talkativeScenario({ name, setup, steps }: Scenario): Scenario {
  return {
    name,
    setup,
    steps: steps.flatMap((step, index) => Array.from({ length: timesOf(step, index) }, () => step)),
  }
}

function timesOf(step: LiveStep, index: number): number {
  return isPlain(step) ? 1 + (index % MOST) : 1
}
function isPlain(step: LiveStep): boolean {
  if (step.kind !== 'packet') return false
  return step.flow.protocol === 'udp' || PLAIN_FLAGS.includes(step.shape.flags ?? '')
}
