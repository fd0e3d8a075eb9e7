import type { ConnectionInfo, Protocol } from '../../control/api.js'
import type { Label } from './label.js'

const HEAD = `IPVS connection entries
pro expire state       source             virtual            destination
`

/** ipvsadm's buffer: a longer `host:port` loses its end. Shorter ones widen the row. */
const LABEL_MAX = 59

export function formatConnections(rows: readonly ConnectionInfo[], label: Label): string {
  const end = (protocol: Protocol, address: string, port: number): string =>
    label(protocol, address, port).slice(0, LABEL_MAX)
  const lines = rows.map(row => {
    const source = end(row.protocol, row.caddr, row.cport).padEnd(18)
    const virtual = end(row.protocol, row.vaddr, row.vport).padEnd(18)
    const destination = end(row.protocol, row.daddr, row.dport)
    const start = `${row.protocol.toUpperCase()} ${minutes(row.expires)}  ${row.state.padEnd(11)}`
    return `${start} ${source} ${virtual} ${destination}\n`
  })
  return HEAD + lines.join('')
}

function minutes(seconds: number): string {
  return `${twoDigits(Math.floor(seconds / 60))}:${twoDigits(seconds % 60)}`
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}
