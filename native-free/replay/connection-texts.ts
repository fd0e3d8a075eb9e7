import { keyAt, LADDR, LPORT } from '../../src/conn/fullnat-keys.js'
import {
  CADDR,
  ConnFlag,
  CPORT_VPORT,
  DADDR,
  DPORT_PROTOCOL,
  FLAGS,
  RECORD_WORDS,
  VADDR,
  type ConnIndex,
} from '../../src/conn/record.js'
import { protocolName } from '../../src/control/operations/keys.js'
import type { Director } from '../../src/director/director.js'
import { nameOfService } from '../../src/director/rules/service-name.js'
import type { Destination } from '../../src/service/destination.js'
import { Method } from '../../src/service/method.js'
import { formatIpv4, type Ipv4Addr } from '../../src/wire/addr.js'
import { octetsOf } from './text-octets.js'

const SLOTS = 2 ** 15
const METHODS: Readonly<Record<number, string>> = {
  [Method.MASQ]: 'masq',
  [Method.DIRECT]: 'direct',
  [Method.TUNNEL]: 'tunnel',
  [Method.FULLNAT]: 'fullnat',
}

/** A connection in words. */
export interface ConnectionText {
  /** `TCP 10.0.0.1:80: 10.1.0.7:40000 > 10.0.0.1:80 > 10.2.0.1:80, masq`; of FULLNAT ` = LIP:PORT` before the real server. */
  readonly remark: Uint8Array
  /** `"service":…,"connection":{…}` */
  readonly json: Uint8Array
}
interface Remembered extends ConnectionText {
  readonly dest: Destination
  readonly caddr: number
  readonly ports: number
  readonly vaddr: number
  readonly server: number
  readonly local: number
}

/** Connections in words: of the last ones it is made once, since most packets are of an open connection. */
export class ConnectionTexts {
  readonly #director: Director
  readonly #slots: (Remembered | undefined)[] = Array.from({ length: SLOTS })

  constructor(director: Director) {
    this.#director = director
  }

  of(conn: ConnIndex): ConnectionText {
    const { conns } = this.#director
    const { words } = conns.table
    const slot = (conn / RECORD_WORDS) & (SLOTS - 1)
    const known = this.#slots[slot]
    const dest = conns.destinationOf(conn)
    const local = conns.fullnatKeys.has(conn) ? conns.fullnatKeys.words[keyAt(conn) + LPORT]! : 0
    if (
      known !== undefined &&
      known.dest === dest &&
      known.caddr === words[conn + CADDR] &&
      known.ports === words[conn + CPORT_VPORT] &&
      known.vaddr === words[conn + VADDR] &&
      known.server === words[conn + DPORT_PROTOCOL] &&
      known.local === local
    )
      return known
    return (this.#slots[slot] = this.#make(conn, dest, local))
  }

  #make(conn: ConnIndex, dest: Destination, local: number): Remembered {
    const { conns } = this.#director
    const { words } = conns.table
    const ports = words[conn + CPORT_VPORT]!
    const server = words[conn + DPORT_PROTOCOL]!
    const [caddr, vaddr] = [words[conn + CADDR]!, words[conn + VADDR]!]
    const service = nameOfService(dest.service)
    const client = endpoint(caddr, ports >>> 16)
    const virtual = endpoint(vaddr, ports & 0xffff)
    const to = endpoint(words[conn + DADDR]!, server >>> 16)
    const by = local === 0 ? '' : endpoint(conns.fullnatKeys.words[keyAt(conn) + LADDR]!, local)
    const method = METHODS[words[conn + FLAGS]! & ConnFlag.METHOD]!
    const remark = `${service}: ${client} > ${virtual}${by && ` = ${by}`} > ${to}, ${method}`
    const protocol = protocolName(server & 0xff)
    const json =
      `"service":"${service}","connection":{"protocol":"${protocol}","client":"${client}","virtual":"${virtual}",` +
      `${by && `"local":"${by}",`}"server":"${to}","method":"${method}"}`
    return { remark: octetsOf(remark), json: octetsOf(json), dest, caddr, ports, vaddr, server, local }
  }
}

function endpoint(addr: number, port: number): string {
  return `${formatIpv4(addr as Ipv4Addr)}:${port}`
}
