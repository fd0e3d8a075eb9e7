import { FIGURES, type FigureName, type Summary } from './figures.js'
import { figureText } from './report.js'

const WIDTH = 760
const ROW = 26
const TOP = 56
const LEFT = 230
/** Where the longest bar ends; the figures are to its right. */
const RIGHT = 620
const BAR = 14

/** Colours for light and for dark, and its own background, so that it is readable on any page. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .note { fill: #59636e; font-size: 12px }
  .ground { fill: #ffffff; stroke: #d1d9e0 }
  .uvs { fill: #0969da }
  .peer { fill: #9aa4ae }
  .spread { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .note { fill: #9198a1 }
    .ground { fill: #0d1117; stroke: #3d444d }
    .uvs { fill: #4493f8 }
    .peer { fill: #656c76 }
    .spread { stroke: #f0f6fc }
  }`

/** A bar for each runner that has the figure: the median, a line from the least to the most, and the number. */
export function chart(
  figure: FigureName,
  figures: readonly Summary[],
  runners: readonly { name: string; title: string }[],
): string {
  const rows = runners.flatMap(({ name, title }) => {
    const summary = figures.find(row => row.figure === figure && row.runner === name)
    return summary ? [{ name, title, summary }] : []
  })
  const most = Math.max(...rows.map(({ summary }) => summary.max), Number.MIN_VALUE)
  const x = (value: number): string => (LEFT + (value / most) * (RIGHT - LEFT)).toFixed(1)
  const { title, unit, about, best } = FIGURES[figure]
  const height = TOP + rows.length * ROW + 12
  const bars = rows.map(({ name, title, summary }, i) => {
    const middle = TOP + i * ROW + ROW / 2
    const width = (Number(x(summary.median)) - LEFT).toFixed(1)
    const kind = name.startsWith('uvs-') ? 'uvs' : 'peer'
    return [
      `<text x="${LEFT - 10}" y="${middle + 4}" text-anchor="end">${escape(title)}</text>`,
      `<rect class="${kind}" x="${LEFT}" y="${middle - BAR / 2}" width="${width}" height="${BAR}" rx="2"/>`,
      `<path class="spread" d="M${x(summary.min)} ${middle}H${x(summary.max)}"/>`,
      `<text x="${(Number(x(summary.max)) + 8).toFixed(1)}" y="${middle + 4}">${figureText(figure, summary.median)}</text>`,
    ].join('\n')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(`${title}, ${unit}`)}">
<style>${STYLE}
</style>
<rect class="ground" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>
<text class="title" x="16" y="26">${escape(`${title}, ${unit}`)}</text>
<text class="note" x="16" y="44">${escape(`${about}; ${best === 'most' ? 'more' : 'less'} is better`)}</text>
${bars.join('\n')}
</svg>
`
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}
