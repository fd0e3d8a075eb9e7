import type { ConnectionInfo } from '../../../control/protocol/api.js'
import type { Label } from './label.js'

const TITLE = 'IPVS connection entries\n'
const HEAD = 'pro expire state       source             virtual            destination'
/** The columns of --persistent-conn. uvs has no persistence engines, so they are always empty. */
const ENGINE_HEAD = '        pe name          pe_data'

/** The size of ipvsadm's buffer: a longer `host:port` is truncated. Shorter ones widen the row. */
const LABEL_MAX = 59

/** As ipvsadm prints it; a FULLNAT connection has ` via LIP:port` after its destination. */
export function formatConnections(rows: readonly ConnectionInfo[], label: Label): string {
  const lines = rows.map(row => {
    const end = (address: string, port: number): string => label(row.protocol, address, port).slice(0, LABEL_MAX)
    const source = end(row.caddr, row.cport).padEnd(18)
    const virtual = end(row.vaddr, row.vport).padEnd(18)
    const destination = end(row.daddr, row.dport)
    const start = `${row.protocol.toUpperCase().padEnd(3)} ${minutes(row.expires)}  ${row.state.padEnd(11)}`
    const { laddr, lport } = row
    const local = laddr !== undefined && lport !== undefined ? ` via ${end(laddr, lport)}` : ''
    return `${start} ${source} ${virtual} ${destination}${local}\n`
  })
  return lines.join('')
}

/** The lines above the rows. */
export function connectionsHead(withEngine: boolean): string {
  return `${TITLE}${HEAD}${withEngine ? ENGINE_HEAD : ''}\n`
}

function minutes(seconds: number): string {
  return `${twoDigits(Math.floor(seconds / 60))}:${twoDigits(seconds % 60)}`
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}
