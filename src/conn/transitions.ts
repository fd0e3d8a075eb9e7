import type { Direction } from './direction.js'

/** The transition table of a client's packets while no answer has been seen. */
export const INBOUND_ONLY = 2
/** Selects the transition table. */
export type TransitionTable = Direction | typeof INBOUND_ONLY

/**
 * Parses transition tables as ipvs-behaviour.md prints them: one text for each direction; a row is a state and begins with
 * its code, a column is an event. Returns next states, indexed by (direction × states + state) × events + event.
 */
export function parseTransitions(codes: readonly string[], events: number, tables: readonly string[]): Uint8Array {
  return Uint8Array.from(tables.flatMap(table => parseTable(codes, events, table)))
}

function parseTable(codes: readonly string[], events: number, text: string): number[] {
  const rows = text
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/))
  const isInOrder = rows.length === codes.length && rows.every((row, state) => row[0] === codes[state])
  const next = rows.flatMap(row => row.slice(1).map(code => codes.indexOf(code)))
  if (!isInOrder || next.length !== codes.length * events || next.includes(-1))
    throw new RangeError('a transition table needs a row a state, in order, and a known state for every event')
  return next
}
