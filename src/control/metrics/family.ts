/** A metric that is written straight. */
export type MetricFamily = readonly [name: string, type: 'counter' | 'gauge', help: string]

/** The lines before a family's samples (Prometheus text format 0.0.4). */
export function headOf([name, type, help]: MetricFamily): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
}
