import type { LiveStep, Scenario } from './scenario.js'

/** What can be left out of a scenario alone: a line of the setup, or a step. */
export type Part = { line: string } | { step: LiveStep }

export function partsOf({ setup, steps }: Scenario): Part[] {
  return [...setup.map(line => ({ line })), ...steps.map(step => ({ step }))]
}

export function scenarioOf(name: string, parts: readonly Part[]): Scenario {
  const setup = parts.flatMap(part => ('line' in part ? [part.line] : []))
  return { name, setup, steps: parts.flatMap(part => ('step' in part ? [part.step] : [])) }
}
