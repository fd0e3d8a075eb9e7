import { KEY_COLUMNS, KeyColumn, type ServiceKey, type ServiceSums } from '../../protocol/api.js'
import { serviceName } from '../../protocol/service-name.js'
import { formatIpv4, type Ipv4Addr } from '../../../wire/addr.js'
import { formatIpv6 } from '../../../wire/ipv6-addr.js'

/* The services of columns: their keys, and the order of their addresses. */

/** A row of the columns: a service's key and scheduler. */
export type Named = ServiceKey & { scheduler: string }

const KINDS: Readonly<Record<number, 'tcp' | 'udp' | 'sctp'>> = { 6: 'tcp', 17: 'udp', 132: 'sctp' }

export function namedOf({ keys, schedulers }: ServiceSums, row: number): Named {
  const of = (column: number): number => keys[row * KEY_COLUMNS + column]!
  const [isSix, scheduler] = [of(KeyColumn.FAMILY) === 6, schedulers[of(KeyColumn.SCHEDULER)]!]
  const mark = of(KeyColumn.MARK) >>> 0
  if (mark !== 0) return { mark, ...(isSix && { family: 6 }), scheduler }
  const [a, b, c, d] = [0, 1, 2, 3].map(word => of(KeyColumn.ADDRESS + word)) as [number, number, number, number]
  const address = isSix ? formatIpv6([a, b, c, d]) : formatIpv4(a as Ipv4Addr)
  return { protocol: KINDS[of(KeyColumn.PROTOCOL)]!, address, port: of(KeyColumn.PORT), scheduler }
}

/** What a filter looks at: the name as it is shown and the scheduler, in lower case. */
export function textOf(named: Named): string {
  return `${serviceName(named)} ${named.scheduler}`.toLowerCase()
}

/** Addresses before marks, IPv4 before IPv6, then by protocol, address and port; of marks the number first. */
export function rowsInOrder({ keys }: ServiceSums): number[] {
  const rows = Array.from({ length: keys.length / KEY_COLUMNS }, (_, row) => row)
  return rows.sort((a, b) => compare(keys, a * KEY_COLUMNS, b * KEY_COLUMNS))
}
const { PROTOCOL, FAMILY, ADDRESS, PORT, MARK } = KeyColumn
const BY_ADDRESS = [FAMILY, PROTOCOL, ADDRESS, ADDRESS + 1, ADDRESS + 2, ADDRESS + 3, PORT]
const BY_MARK = [MARK, FAMILY]

function compare(keys: ArrayLike<number>, a: number, b: number): number {
  const isMark = keys[a + MARK] !== 0
  if (isMark !== (keys[b + MARK] !== 0)) return isMark ? 1 : -1
  for (const column of isMark ? BY_MARK : BY_ADDRESS) {
    const difference = (keys[a + column]! >>> 0) - (keys[b + column]! >>> 0)
    if (difference !== 0) return difference
  }
  return 0
}
