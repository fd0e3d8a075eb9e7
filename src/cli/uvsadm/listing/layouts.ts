import type { DestinationInfo, MethodName, ServiceInfo, StatsInfo, TunnelInfo } from '../../../control/protocol/api.js'
import { schedFlagNames } from '../options/sched-flags.js'
import { tunnelText } from '../options/tunnel.js'

/** The columns that a listing of services has beside their names. Trailing blanks are ipvsadm's. */
export interface Layout {
  head: string
  /** Services have columns too, so their names are padded to a column's width. */
  isTable?: true
  service(service: ServiceInfo): string
  destination(dest: DestinationInfo): string
}

const FORWARD: Record<MethodName, string> = { masq: 'Masq', direct: 'Route', tunnel: 'Tunnel', fullnat: 'FullNat' }

export const PLAIN_IPIP: TunnelInfo = { type: 'ipip', port: 0, checksum: 'none' }

export const plain: Layout = {
  head: `Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
`,
  service: settings,
  destination: dest =>
    columns([FORWARD[dest.method], 7], [dest.weight, 6], [dest.activeConns, 10], [dest.inactConns, 10]),
}

export const tunnels: Layout = {
  head: `Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
`,
  service: settings,
  destination: ({ method, tunnel, weight, activeConns, inactConns }) => {
    const text = method === 'tunnel' ? tunnelText(tunnel ?? PLAIN_IPIP) : 'n/a'
    return columns([FORWARD[method], 7], [text, 13], [weight, 6], [activeConns, 10], [inactConns, 10])
  },
}

export const thresholds: Layout = {
  head: `Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn 
  -> RemoteAddress:Port
`,
  service: settings,
  destination: dest =>
    columns([dest.upperThreshold, 10], [dest.lowerThreshold, 10], [dest.activeConns, 10], [dest.inactConns, 10]),
}

export const persistentConn: Layout = {
  head: `Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn 
  -> RemoteAddress:Port
`,
  service: settings,
  destination: dest =>
    columns([dest.weight, 9], [dest.persistConns, 11], [dest.activeConns, 10], [dest.inactConns, 10]),
}

/** `exact`: numbers are not shortened. */
export const stats = (exact: boolean): Layout => ({
  head: `Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
`,
  isTable: true,
  service: service => totals(service.stats, exact),
  destination: dest => totals(dest.stats, exact),
})

/** Like ipvsadm, shortens only octets for real servers. */
export const rates = (exact: boolean): Layout => ({
  head: `Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS
  -> RemoteAddress:Port
`,
  isTable: true,
  service: ({ rates: { cps, inPps, outPps, inBps, outBps } }) =>
    `${numbers([cps, inPps, outPps], exact)} ${numbers([inBps, outBps], exact)}`,
  destination: ({ rates: { cps, inPps, outPps, inBps, outBps } }) =>
    `${numbers([cps, inPps, outPps], true)} ${numbers([inBps, outBps], exact)}`,
})

/** `sh (sh-port) persistent 360 mask 255.255.255.0 ops toa` */
export function settings(service: ServiceInfo): string {
  const { scheduler, schedFlags, persistence, onePacket, engine, clientAddress } = service
  let text = scheduler
  if (schedFlags !== 0) text += ` (${schedFlagNames(schedFlags, scheduler)})`
  if (persistence !== 0) text += ` persistent ${persistence}`
  if (persistence !== 0 && isMasked(service)) text += ` mask ${service.netmask}`
  if (persistence !== 0 && engine !== undefined) text += ` pe ${engine}`
  if (onePacket) text += ' ops'
  if (clientAddress === 'toa') text += ' toa'
  if (clientAddress === 'proxy-v1' || clientAddress === 'proxy-v2')
    text += ` proxy-protocol ${clientAddress.slice('proxy-'.length)}`
  return text
}

/** Whether the mask groups several clients. */
export function isMasked({ netmask }: Pick<ServiceInfo, 'netmask'>): boolean {
  return netmask !== '255.255.255.255' && netmask !== '128'
}

function columns(...cells: [value: string | number, width: number][]): string {
  return cells.map(([value, width]) => String(value).padEnd(width)).join(' ')
}

function totals(stats: StatsInfo, exact: boolean): string {
  return numbers([stats.conns, stats.inPkts, stats.outPkts, stats.inBytes, stats.outBytes], exact)
}

function numbers(cells: number[], exact: boolean): string {
  return cells.map(cell => (exact ? String(cell) : shorten(cell)).padStart(8)).join(' ')
}

/** From 10^8 on in K, M, G or T (powers of 1000), truncated, so that 8 characters suffice (ipvs-behaviour.md §14.3). */
export function shorten(number: number): string {
  if (number < 1e8) return String(number)
  if (number < 1e9) return `${Math.floor(number / 1e3)}K`
  if (number < 1e11) return `${Math.floor(number / 1e6)}M`
  if (number < 1e14) return `${Math.floor(number / 1e9)}G`
  return `${Math.floor(number / 1e12)}T`
}
