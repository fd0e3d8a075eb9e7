import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { theme } from '../live/theme.ts'
import { useStore } from '../live/store.ts'
import { clock } from '../pure/format.ts'
import { T } from '../texts.ts'

export interface ChartSeries {
  label: string
  /** A variable of the style sheet. */
  colour: string
  values: number[]
  dash?: number[]
}
interface ChartProps {
  label: string
  seconds: number[]
  series: ChartSeries[]
  format: (value: number) => string
  height?: number
}

/** Series over time, by uPlot. The figures are in the page's tables too: this is a picture of them. */
export function Chart({ label, seconds, series, format, height = 180 }: ChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const chosen = useStore(theme)
  const names = series.map(one => `${one.label} ${one.colour}`).join('|')
  // Of less than two times uPlot makes an axis of 1970.
  const isDrawn = seconds.length > 1 && series.length > 0
  useEffect(() => {
    const { current } = box
    if (!current || !isDrawn) return
    const made = new uPlot(options(current, series, format, height), dataOf(seconds, series), current)
    plot.current = made
    const watcher = new ResizeObserver(() => made.setSize({ width: current.clientWidth, height }))
    watcher.observe(current)
    return () => {
      watcher.disconnect()
      made.destroy()
      plot.current = undefined
    }
  }, [names, chosen, height, isDrawn])
  useEffect(() => plot.current?.setData(dataOf(seconds, series)))
  return <div ref={box} class="chart" role="img" aria-label={label} style={{ minHeight: `${height}px` }} />
}

/** A gap is null there: a NaN would take the axis away. */
function dataOf(seconds: number[], series: readonly ChartSeries[]): uPlot.AlignedData {
  return [seconds, ...series.map(({ values }) => values.map(value => (Number.isNaN(value) ? null : value)))]
}

function options(
  box: HTMLElement,
  series: ChartSeries[],
  format: (value: number) => string,
  height: number,
): uPlot.Options {
  const style = getComputedStyle(box)
  const colourOf = (name: string): string => style.getPropertyValue(name).trim() || '#888'
  const axis = { stroke: colourOf('--muted'), grid: { stroke: colourOf('--line'), width: 1 }, ticks: { show: false } }
  const font = `11px ${style.fontFamily}`
  return {
    width: Math.max(120, box.clientWidth),
    height,
    cursor: { y: false, points: { size: 6 } },
    legend: { live: true },
    axes: [
      { ...axis, font, values: (_, at) => at.map(second => clock(second * 1000)), space: 90, size: 26 },
      { ...axis, font, size: 82, values: (_, at) => at.map(format) },
    ],
    scales: {
      // A minute at least, so that the first seconds do not look like a trend.
      x: { range: (_, first, last) => [Math.min(first, last - 60), last] },
      // 1 at least, so that nothing does not look like something.
      y: { range: (_, __, most: number | null) => [0, Math.max(most ?? 1, 1) * 1.05] },
    },
    series: [
      { label: T.figures.time, value: (_, second) => (second === null ? '–' : clock(second * 1000)) },
      ...series.map(one => ({
        label: one.label,
        stroke: colourOf(one.colour),
        width: 1.8,
        points: { show: false },
        value: (_: uPlot, value: number | null) => (value === null ? '–' : format(value)),
        ...(one.dash && { dash: one.dash }),
      })),
    ],
  }
}
