import type { Overview } from '../../../control/dashboard/live/overview.js'
import type { ListedRow } from '../../../control/dashboard/live/listed.js'
import { SumColumn, type RatesInfo, type ServiceInfo } from '../../../control/protocol/api.js'
import { endpointText } from '../../../control/protocol/service-name.js'
import { nameOf } from '../seen/checked-name.js'
import { bits, count } from './units.js'

/** What one screen shows: drops with the busiest first, a second since the screen before. */
export interface TopShown extends Pick<Overview, 'totals' | 'connections' | 'offload' | 'drops' | 'health'> {
  /** The word that services are sorted by. */
  sort: string
  services: number
  /** In the order shown: those that fit. */
  rows: readonly (ServiceInfo | undefined)[]
  sums: readonly ListedRow[]
}

const DROPS_SHOWN = 3
const BAR = 10
/** Of a service's name; what is longer is cut. */
const NAME_MOST = 48

export function topText(shown: TopShown): string {
  const { totals, connections, offload, drops, health, sort, services, rows, sums } = shown
  const { rates } = totals
  const lines = [
    `connections ${count(connections.open)} of ${count(connections.capacity)}; ${count(rates.cps)}/s new, ${count(totals.stats.conns)} so far`,
    `in          ${count(rates.inPps)} packets/s, ${bits(rates.inBps)}`,
    `out         ${count(rates.outPps)} packets/s, ${bits(rates.outBps)}`,
    ...(offload ? [`offloaded   ${count(offload.flows)} flows, ${count(offload.packets)} packets so far`] : []),
    ...(health
      ? [
          `health      ${health.up} ${health.up === 1 ? 'service' : 'services'} up, ${health.down} down, ${health.unknown} not known yet`,
        ]
      : []),
    `drops       ${dropsText(drops)}`,
    '',
  ]
  const table: [name: string, cells: string][] = [[`services ${services}, by ${sort}`, HEAD]]
  sums.forEach((sum, at) => {
    const row = rows[at]
    table.push([nameOf(sum), sumCells(sum)])
    if (row) table.push(...serversOf(row))
  })
  const width = Math.min(NAME_MOST, Math.max(...table.map(([name]) => name.length)))
  for (const [name, figures] of table) lines.push(`${fit(name, width)} ${figures}`)
  return `${lines.join('\n')}\n`
}

const HEAD = 'scheduler  weight   active inactive    CPS   InPPS  OutPPS           in          out'

interface Cells extends RatesInfo {
  weight: number
  activeConns: number
  inactConns: number
}

function cells(first: string, { weight, activeConns, inactConns, cps, inPps, outPps, inBps, outBps }: Cells): string {
  return [
    first.padEnd(BAR),
    count(weight).padStart(6),
    count(activeConns).padStart(8),
    count(inactConns).padStart(8),
    count(cps).padStart(6),
    count(inPps).padStart(7),
    count(outPps).padStart(7),
    bits(inBps).padStart(12),
    bits(outBps).padStart(12),
  ].join(' ')
}

function sumCells({ scheduler, sums }: ListedRow): string {
  return cells(scheduler, {
    weight: sums[SumColumn.WEIGHT]!,
    activeConns: sums[SumColumn.ACTIVE_CONNS]!,
    inactConns: sums[SumColumn.INACT_CONNS]!,
    cps: sums[SumColumn.CPS]!,
    inPps: sums[SumColumn.IN_PPS]!,
    outPps: sums[SumColumn.OUT_PPS]!,
    inBps: sums[SumColumn.IN_BPS]!,
    outBps: sums[SumColumn.OUT_BPS]!,
  })
}

/** Each with its share of what its service gets now, in connections a second; of those that are open if none come. */
function serversOf({ destinations }: ServiceInfo): [name: string, cells: string][] {
  const isBusy = destinations.some(({ rates }) => rates.cps > 0)
  const has = destinations.map(({ rates, activeConns, inactConns }) => (isBusy ? rates.cps : activeConns + inactConns))
  const all = has.reduce((sum, part) => sum + part, 0)
  return destinations.map(({ address, port, weight, activeConns, inactConns, rates }, at) => {
    const share = all > 0 ? has[at]! / all : 0
    const full = Math.round(share * BAR)
    const bar = `${'█'.repeat(full)}${'·'.repeat(BAR - full)}`
    return [`  → ${endpointText({ address, port })}`, cells(bar, { ...rates, weight, activeConns, inactConns })]
  })
}

function dropsText(drops: Overview['drops']): string {
  const shown = drops.filter(drop => drop.count > 0)
  if (shown.length === 0) return 'none'
  const first = shown.slice(0, DROPS_SHOWN).map(({ reason, count: so, rate }) => {
    return `${reason} ${count(so)}${rate > 0 ? `, ${count(rate)}/s` : ''}`
  })
  const more = shown.length > DROPS_SHOWN ? `; ${shown.length - DROPS_SHOWN} reasons more: uvs drops` : ''
  return `${first.join('; ')}${more}`
}

function fit(name: string, width: number): string {
  return name.length > width ? `${name.slice(0, width - 1)}…` : name.padEnd(width)
}
