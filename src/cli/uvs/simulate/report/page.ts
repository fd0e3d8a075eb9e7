/*
 * A simulation as one HTML file: it asks nobody for anything, its policy forbids it to, and nothing of a scenario is markup or program in it.
 * 1. tables                      tables.ts, every text escaped
 * 2. charts, their numbers JSON  charts.ts
 * 3. what draws them             script.ts and uPlot, both inlined
 */
import { createHash } from 'node:crypto'
import type { SimulationResult } from '../../../../../native-free/simulate/result.js'
import { chartsOf, type Chart } from './charts.js'
import { escaped, jsonInScript, scriptText } from './html.js'
import { SCRIPT } from './script.js'
import { STYLE } from './style.js'
import { assertionsTable, otherTables, realServersTable, requestsTable } from './tables.js'

/** uPlot: its program, its style, its license. */
export interface ChartLibrary {
  program: string
  style: string
  license: string
}

/** The same for the same result. */
export function reportPage(result: SimulationResult, { program, style, license }: ChartLibrary): string {
  const charts = chartsOf(result)
  const library = scriptText(`/*!\nuPlot\n${license.trim()}\n*/\n${program}`)
  const styles = `${style}${STYLE}`
  const scripts = [library, scriptText(SCRIPT)]
  const policy = `default-src 'none'; script-src ${scripts.map(sourceOf).join(' ')}; style-src ${sourceOf(styles)}; base-uri 'none'; form-action 'none'`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(result.name)} – uvs simulate</title>
<style>${styles}</style>
</head>
<body>
<h1>${escaped(result.name)}</h1>
<p class="about">uvs simulate, ${escaped(result.durationMs / 1000)} s of virtual time, seed ${escaped(result.seed)}.</p>
${wide(assertionsTable(result))}${wide(requestsTable(result))}${wide(realServersTable(result))}<div class="charts">
${charts.map(figure).join('\n')}
</div>
${wide(otherTables(result))}<script type="application/json" id="data">${jsonInScript(dataOf(result, charts))}</script>
${scripts.map(text => `<script>${text}</script>`).join('\n')}
</body>
</html>
`
}

function wide(tables: string): string {
  return tables === '' ? '' : `<div class="wide">${tables}</div>\n`
}
function figure({ title, says }: Chart): string {
  return `<figure><figcaption><b>${escaped(title)}</b><span>${escaped(says)}</span></figcaption><div></div></figure>`
}

/** What the charts are drawn of. */
function dataOf({ series, events }: SimulationResult, charts: readonly Chart[]): object {
  return {
    charts: charts.map(({ unit, lines }) => ({ unit, lines })),
    seconds: series.endMs.map(end => end / 1000),
    events: events.map(({ atMs, isOutcome }) => ({ second: atMs / 1000, isOutcome })),
  }
}

/** The element whose text this is, and no other, may run. */
function sourceOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}
