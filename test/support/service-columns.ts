import { KEY_COLUMNS, KeyColumn, SUM_COLUMNS } from '../../src/control/protocol/api.js'
import type { ListedRow } from '../../src/control/dashboard/live/listed.js'
import { ServiceColumns } from '../../src/control/protocol/service-columns.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import { parseIpv6 } from '../../src/wire/ipv6-addr.js'

const PROTOCOLS = { tcp: 6, udp: 17, sctp: 132 }

/** As a director has them in rows of that order. */
export function columnsOf(rows: readonly ListedRow[]): ServiceColumns {
  const schedulers = [...new Set(rows.map(({ scheduler }) => scheduler))]
  const columns = ServiceColumns.of(rows.length, schedulers)
  rows.forEach((row, at) => {
    const set = (column: number, ...values: number[]): void => columns.keys.set(values, at * KEY_COLUMNS + column)
    columns.sums.set(row.sums, at * SUM_COLUMNS)
    set(KeyColumn.SCHEDULER, schedulers.indexOf(row.scheduler))
    set(KeyColumn.FAMILY, ('mark' in row ? row.family === 6 : row.address.includes(':')) ? 6 : 4)
    if ('mark' in row) return set(KeyColumn.MARK, row.mark)
    set(KeyColumn.PROTOCOL, PROTOCOLS[row.protocol])
    set(KeyColumn.PORT, row.port)
    set(KeyColumn.ADDRESS, ...(parseIpv6(row.address) ?? [parseIpv4(row.address)!]))
  })
  return columns
}
