import { elsewhere, withoutLocalNode } from '../local-nodes.js'
import type { LiveStep, Scenario } from './scenario.js'

/** Payloads above it may be for a frame longer than the MTU, with IP options. */
const LONG = 1400

/**
 * The scenario as it can be compared beside the kernel: with other hosts in place of real servers that are the director itself, most of
 * which uvs refuses there, and without whole packets longer than the interface's MTU, which cannot be given back as they came.
 */
export function besideScenario(scenario: Scenario): Scenario {
  // A copy in which what is one thing stays one: pieces are of the same datagram.
  const { name, setup, steps } = structuredClone(scenario)
  for (const step of steps) {
    moveServer(step)
    if (step.kind === 'packet' && step.shape.payloadLen > LONG) step.shape.payloadLen -= step.shape.ipOptions.length / 2
  }
  return { name, setup: setup.map(withoutLocalNode), steps }
}

function moveServer(step: LiveStep): void {
  if (step.kind === 'do') step.script = withoutLocalNode(step.script)
  else if (step.kind === 'piece') moveServer(step.of)
  else if ('flow' in step) step.flow.server = elsewhere(step.flow.server)
}
