import t from 'tap'
import { chart } from '../../../bench/wire/chart.js'
import { type Figures, summarise } from '../../../bench/wire/figures.js'

const runners = [
  { name: 'nftables', title: 'nftables <DNAT> & "co"' },
  { name: 'uvs-raw-nat', title: 'uvs raw, NAT' },
  { name: 'haproxy', title: 'HAProxy' },
]
const rounds: [string, Figures[]][] = [
  ['nftables', [{ wrk: 500 }, { wrk: 1000 }, { wrk: 900 }]],
  ['uvs-raw-nat', [{ wrk: 450 }, { wrk: 450 }, { wrk: 450 }]],
]
const svg = chart('wrk', summarise(new Map(rounds)), runners)

t.test('bars are as long as medians, spreads from the least to the most', async t => {
  const widths = [...svg.matchAll(/<rect class="(uvs|peer)".* width="([\d.]+)"/g)].map(([, kind, width]) => [
    kind,
    width,
  ])
  t.strictSame(widths, [
    ['peer', '351.0'],
    ['uvs', '175.5'],
  ])
  t.match(svg, 'd="M425.0 69H620.0"')
  t.match(svg, 'd="M405.5 95H405.5"')
})

t.test('who has no figure has no bar', async t => {
  t.notMatch(svg, /HAProxy/)
})

t.test('text is escaped, and coloured for light and dark', async t => {
  t.match(svg, '>nftables &#60;DNAT&#62; &#38; &#34;co&#34;</text>')
  t.match(svg, 'prefers-color-scheme: dark')
  t.match(svg, '>wrk, req/s</text>')
  t.match(svg, 'more is better')
})
