/**
 * Draws the charts, in the reader's browser: kept as text, since nothing here runs it. It reads what the page has as JSON, and writes
 * text only as text. Events are vertical marks with their number in the table.
 */
export const SCRIPT = `
(() => {
  'use strict'
  const { charts, seconds, events } = JSON.parse(document.getElementById('data').textContent)
  const places = document.querySelectorAll('figure > div')
  const DASHES = [undefined, [8, 4], [2, 3]]
  const NUMBERED = 40
  let drawn = []

  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

  function marks(plot) {
    const { ctx, bbox } = plot
    const ratio = devicePixelRatio || 1
    ctx.save()
    ctx.strokeStyle = ctx.fillStyle = colour('--faint')
    ctx.lineWidth = ratio
    ctx.font = 10 * ratio + 'px system-ui, sans-serif'
    ctx.textAlign = 'center'
    let lastEnd = -Infinity
    events.forEach(({ second, isOutcome }, at) => {
      const x = Math.round(plot.valToPos(second, 'x', true))
      if (x < bbox.left || x > bbox.left + bbox.width) return
      ctx.setLineDash(isOutcome ? [2 * ratio, 3 * ratio] : [])
      ctx.beginPath()
      ctx.moveTo(x, bbox.top)
      ctx.lineTo(x, bbox.top + bbox.height)
      ctx.stroke()
      const half = ctx.measureText(String(at + 1)).width / 2
      if (events.length > NUMBERED || x - half < lastEnd + 2 * ratio) return
      ctx.fillText(String(at + 1), x, bbox.top - 3 * ratio)
      lastEnd = x + half
    })
    ctx.restore()
  }

  const axis = more => ({
    stroke: colour('--faint'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1 },
    ...more,
  })

  function draw(chart, place) {
    const colours = colour('--lines').split(' ')
    const value = (_plot, found) => (found === null || found === undefined ? '–' : found + chart.unit)
    const lines = chart.lines.map(({ name }, at) => ({
      label: name,
      stroke: colours[at % colours.length],
      dash: DASHES[Math.floor(at / colours.length) % DASHES.length],
      width: 1.5,
      points: { show: false },
      // A value is of the interval that ends there.
      paths: uPlot.paths.stepped({ align: -1 }),
      value,
    }))
    const options = {
      width: Math.max(200, place.clientWidth),
      height: 220,
      padding: [16, 12, 0, 0],
      cursor: { sync: { key: 'time' }, drag: { x: true, y: false } },
      scales: { x: { time: false }, y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.05 : 1] } },
      axes: [axis({ values: (_plot, found) => found.map(each => each + ' s') }), axis({ size: 60 })],
      series: [{ label: 'time', value: (_plot, found) => (found === null || found === undefined ? '–' : found + ' s') }, ...lines],
      hooks: { draw: [marks] },
    }
    const data = [[0, ...seconds], ...chart.lines.map(({ values }) => [values[0], ...values])]
    return new uPlot(options, data, place)
  }

  function drawAll() {
    for (const plot of drawn) plot.destroy()
    drawn = charts.map((chart, at) => draw(chart, places[at]))
  }

  drawAll()
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll)
  // Paper is light, and has another width.
  matchMedia('print').addEventListener('change', drawAll)
  let width = innerWidth
  addEventListener('resize', () => {
    if (innerWidth === width) return
    width = innerWidth
    drawn.forEach((plot, at) => plot.setSize({ width: Math.max(200, places[at].clientWidth), height: 220 }))
  })
})()
`
