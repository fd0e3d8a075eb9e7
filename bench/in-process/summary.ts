import type { Figures } from './measure.js'

/** The spread of one figure over all rounds. */
export interface Spread {
  median: number
  min: number
  max: number
  rounds: number[]
}
export interface Result {
  name: string
  /** By unit. */
  figures: Record<string, Spread>
}

export function summary(name: string, rounds: readonly Figures[]): Result {
  const units = Object.keys(rounds[0] ?? {})
  return { name, figures: Object.fromEntries(units.map(unit => [unit, spread(rounds.map(figures => figures[unit]!))])) }
}

export function spread(rounds: number[]): Spread {
  const sorted = rounds.toSorted((a, b) => a - b)
  const half = sorted.length / 2
  const median = (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)!, rounds }
}

/** 'established packet, …   82.1 [80.0–85.3] ns; 9.0 [8.8–9.1] ns for the copy alone' */
export function line({ name, figures }: Result): string {
  const texts = Object.entries(figures).map(([unit, { median, min, max, rounds }]) =>
    rounds.length > 1 ? `${short(median)} [${short(min)}–${short(max)}] ${unit}` : `${short(median)} ${unit}`,
  )
  return `${name.padEnd(68)} ${texts.join('; ')}`
}

function short(value: number): string {
  return Math.abs(value) < 1000 ? value.toFixed(1) : Math.round(value).toString()
}
