import type { RatesInfo, ServiceInfo } from '../../../control/protocol/api.js'
import { identity } from './format-services.js'
import type { Label } from './label.js'
import { settings } from './layouts.js'

const REMOTE = 'RemoteAddress:Port'
const RATES = ['  CPS', 'InPPS', 'OutPPS', 'InBPS', 'OutBPS'] as const

/** The listing of --watch: weights and connections with their rates. `exact`: numbers are not shortened. */
export function formatWatched(services: readonly ServiceInfo[], label: Label, exact: boolean): string {
  const named = services.map(service => {
    const protocol = 'mark' in service ? 'ip' : service.protocol
    const servers = service.destinations.map(dest => ({ ...dest, name: label(protocol, dest.address, dest.port) }))
    return { service, servers }
  })
  const width = named
    .flatMap(({ servers }) => servers)
    .reduce((widest, { name }) => Math.max(widest, name.length), REMOTE.length)
  const head = left(REMOTE.padEnd(width), 'Weight', 'ActiveConn', 'InActConn')
  let text = `Prot LocalAddress:Port Scheduler Flags\n${head} ${RATES.join(' ')}\n`
  for (const { service, servers } of named) {
    const [prot, name] = identity(service, label)
    const start = `${prot.padEnd(4)} ${name} ${settings(service)}`
    text += `${start.padEnd(head.length)} ${perSecond(service.rates, exact)}\n`
    for (const { name: at, weight, activeConns, inactConns, rates } of servers)
      text += `${left(at.padEnd(width), weight, activeConns, inactConns)} ${perSecond(rates, exact)}\n`
  }
  return text
}

function left(name: string, weight: string | number, active: string | number, inactive: string | number): string {
  return `  -> ${name} ${String(weight).padEnd(6)} ${String(active).padEnd(10)} ${String(inactive).padEnd(9)}`
}

function perSecond({ cps, inPps, outPps, inBps, outBps }: RatesInfo, exact: boolean): string {
  const rates = [cps, inPps, outPps, inBps, outBps]
  return rates.map((rate, i) => (exact ? String(rate) : brief(rate)).padStart(RATES[i]!.length)).join(' ')
}

/** A number in five characters: from 10^5 on in K, M, G or T (powers of 1000), truncated. */
function brief(rate: number): string {
  if (rate < 1e5) return String(rate)
  const power = Math.min(4, Math.floor(Math.log10(rate) / 3 - 1 / 3))
  return `${Math.floor(rate / 1000 ** power)}${'KMGT'.charAt(power - 1)}`
}
