/** What one round measured, by the measurement's name. A measurement whose tool is missing is absent. */
export type Figures = Partial<Record<Measurement, number>>

export const MEASUREMENTS = {
  wrk: 'req/s',
  ab: 'conn/s',
  curl: 'Gbit/s',
} as const
export type Measurement = keyof typeof MEASUREMENTS

export interface Summary {
  measurement: Measurement
  runner: string
  unit: string
  median: number
  min: number
  max: number
  /** The median over the first runner's. */
  ratio: number
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** A row for each measurement and runner that has figures, runners in the map's order. */
export function summarise(rounds: ReadonlyMap<string, readonly Figures[]>): Summary[] {
  const names = Object.keys(MEASUREMENTS) as Measurement[]
  return names.flatMap(measurement => {
    let first: number | undefined
    return [...rounds].flatMap(([runner, figures]) => {
      const values = figures.flatMap(round => round[measurement] ?? [])
      if (values.length === 0) return []
      const middle = median(values)
      first ??= middle
      const range = { median: middle, min: Math.min(...values), max: Math.max(...values) }
      return [{ measurement, runner, unit: MEASUREMENTS[measurement], ...range, ratio: middle / first }]
    })
  })
}

/** 'wrk  uvs raw               69012 [68200–70110] req/s   0.87' */
export function summaryLine({ measurement, runner, unit, median: middle, min, max, ratio }: Summary): string {
  const digits = unit === 'Gbit/s' ? 2 : 0
  const [m, from, to] = [middle, min, max].map(value => value.toFixed(digits))
  return `${measurement.padEnd(5)} ${runner.padEnd(24)} ${m!.padStart(7)} [${from}–${to}] ${unit}  ${ratio.toFixed(2)}`
}

/** wrk's requests a second. Fails when some were not answered. */
export function readWrk(report: string): number {
  const trouble = /^ *(Socket errors: .*|Non-2xx.*)$/m.exec(report)?.[1]
  const value = Number(/^Requests\/sec: +([\d.]+)$/m.exec(report)?.[1])
  if (trouble || !(value > 0)) throw new Error(`wrk: ${trouble ?? 'no figure'}`)
  return value
}

/** The requests that wrk's report counts: '  139652 requests in 2.00s, 23.97MB read'. */
export function readWrkCount(report: string): number {
  return Number(/^ *(\d+) requests in /m.exec(report)?.[1])
}
