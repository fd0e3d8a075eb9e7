import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The directory of what goes with Prometheus and Grafana. */
export const MONITORING = fileURLToPath(new URL('../../../monitoring', import.meta.url))

interface Panel {
  id: number
  type: string
  title: string
  datasource?: { type: string; uid: string }
  gridPos: { h: number; w: number; x: number; y: number }
  targets?: { refId: string; expr: string }[]
}
interface Variable {
  name: string
  type: string
  definition?: string
}
export interface Dashboard {
  uid: string
  title: string
  schemaVersion: number
  panels: Panel[]
  templating: { list: Variable[] }
}

export function readDashboard(): Dashboard {
  return JSON.parse(readFileSync(`${MONITORING}/grafana-dashboard.json`, 'utf8')) as Dashboard
}

/** Each panel's and variable's query as Grafana would send it with everything chosen. */
export function queries(dashboard: Dashboard): { where: string; expr: string }[] {
  const ofPanels = dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ refId, expr }) => ({ where: `panel '${title}' ${refId}`, expr })),
  )
  const ofVariables = dashboard.templating.list.flatMap(({ name, definition }) => {
    const series = /^label_values\((.*), \w+\)$/.exec(definition ?? '')?.[1]
    return series === undefined ? [] : [{ where: `variable ${name}`, expr: series }]
  })
  return [...ofPanels, ...ofVariables].map(({ where, expr }) => ({ where, expr: filledIn(expr) }))
}
function filledIn(expr: string): string {
  return expr.replaceAll('$__rate_interval', '10s').replaceAll(/"\$\w+"/g, '".*"')
}
