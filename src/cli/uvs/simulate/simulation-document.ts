import type { SimulationResult } from '../../../../native-free/simulate/result.js'
import { jsonDocument } from '../../json.js'
import type { FlowsMovedFound } from './flows-moved.js'

/** What was asked of a simulation, and under that name what was found. */
export type Found =
  | { readonly kind: 'scenario'; readonly scenario: SimulationResult }
  | { readonly kind: 'flowsMoved'; readonly flowsMoved: FlowsMovedFound }

/** The document that --json is for. `problems`: lines that standard error has. */
export function simulationDocument({ kind, ...found }: Found, problems: readonly string[]): string {
  return jsonDocument('simulation', { kind, problems, ...found })
}
