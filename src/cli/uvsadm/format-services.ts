import type { ServiceInfo, Stats } from '../../control/api.js'
import type { Label } from './label.js'

/** The kernel's default table size, printed whatever ours is (design.md). */
export const TITLE = 'IP Virtual Server version 1.2.1 (size=4096)\n'

const SERVICES_HEAD = `Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
`
const STATS_HEAD = `Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
`

/** Listings cut a longer `host:port` off, in the middle of the host if need be. */
const LABEL_WIDTH = 28

export function formatServices(services: readonly ServiceInfo[], label: Label): string {
  let text = SERVICES_HEAD
  for (const { protocol, address, port, scheduler, destinations } of services) {
    text += `${prot(protocol)} ${label(protocol, address, port).slice(0, LABEL_WIDTH)} ${scheduler}\n`
    for (const dest of destinations) {
      const name = column(label(protocol, dest.address, dest.port))
      const counts = `${pad(dest.activeConns, 10)} ${pad(dest.inactConns, 10)}`
      text += `  -> ${name} ${pad('Masq', 7)} ${pad(dest.weight, 6)} ${counts}\n` // yes, a trailing blank
    }
  }
  return text
}

export function formatStats(services: readonly ServiceInfo[], label: Label, exact: boolean): string {
  let text = STATS_HEAD
  for (const { protocol, address, port, stats, destinations } of services) {
    text += `${prot(protocol)} ${column(label(protocol, address, port))}${totals(stats, exact)}\n`
    for (const dest of destinations)
      text += `  -> ${column(label(protocol, dest.address, dest.port))}${totals(dest.stats, exact)}\n`
  }
  return text
}

function prot(protocol: string): string {
  return protocol.toUpperCase().padEnd(4)
}

function column(label: string): string {
  return label.slice(0, LABEL_WIDTH).padEnd(LABEL_WIDTH)
}

function pad(value: string | number, width: number): string {
  return String(value).padEnd(width)
}

function totals(stats: Stats, exact: boolean): string {
  const numbers = [stats.conns, stats.inPkts, stats.outPkts, stats.inBytes, stats.outBytes]
  return numbers.map(number => ` ${(exact ? String(number) : shorten(number)).padStart(8)}`).join('')
}

/** From 10^8 on in K, M, G or T (powers of 1000), the rest cut off, so that 8 characters do (ipvs-behaviour.md §14.3). */
export function shorten(number: number): string {
  if (number < 1e8) return String(number)
  if (number < 1e9) return `${Math.floor(number / 1e3)}K`
  if (number < 1e11) return `${Math.floor(number / 1e6)}M`
  if (number < 1e14) return `${Math.floor(number / 1e9)}G`
  return `${Math.floor(number / 1e12)}T`
}
