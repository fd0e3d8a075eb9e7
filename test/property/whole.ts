/* What holds of a director's tables at any time, found out by walking them. */
import type { Connections } from '../../src/conn/connections.js'
import {
  ConnFlag,
  DADDR,
  DPORT_PROTOCOL,
  CONTROLLER,
  DEST,
  EXPIRES,
  FLAGS,
  NONE,
  STATE_CHILDREN,
  TIMER_AT,
  TIMER_NEXT,
  TIMER_PREV,
  type ConnIndex,
} from '../../src/conn/record.js'
import { LADDR, keyAt, LPORT } from '../../src/conn/fullnat-keys.js'
import type { Destination } from '../../src/service/destination.js'
import { Method } from '../../src/service/method.js'
import { jiffiesAt } from '../../src/conn/jiffies.js'
import { parseIpv4, type Ipv4Addr } from '../../src/wire/addr.js'

const SLOTS = 16_384

/** Each record is in the slot of its TIMER_AT, not after it is due, and linked both ways. */
export function checkWheel({ table: { words } }: Connections, conns: readonly ConnIndex[]): void {
  const live = new Set<number>(conns)
  const heads = new Set<number>()
  for (const conn of conns) {
    const prev = words[conn + TIMER_PREV]!
    if (prev === -1) throw new Error(`record ${conn} has no timer`)
    if (((words[conn + EXPIRES]! - words[conn + TIMER_AT]!) | 0) < 0)
      throw new Error(`record ${conn} is looked at late`)
    if (prev < -1) {
      if (-2 - prev !== (words[conn + TIMER_AT]! & (SLOTS - 1))) throw new Error(`record ${conn} is in a wrong slot`)
      if (heads.has(prev)) throw new Error(`slot ${-2 - prev} has two heads`)
      heads.add(prev)
    } else {
      if (!live.has(prev)) throw new Error(`record ${conn} follows ${prev}, which is free`)
      if (words[prev + TIMER_NEXT] !== conn) throw new Error(`record ${conn} is not linked from ${prev}`)
      if (words[prev + TIMER_AT] !== words[conn + TIMER_AT]) throw new Error(`${prev} and ${conn} are of two jiffies`)
    }
    const next = words[conn + TIMER_NEXT]!
    if (next !== NONE && words[next + TIMER_PREV] !== conn) throw new Error(`record ${next} is not linked to ${conn}`)
  }
}

/** Nobody has outlived his timer at `now`, in ms. */
export function checkTimers({ table: { words } }: Connections, conns: readonly ConnIndex[], now: number): void {
  for (const conn of conns) {
    const left = (words[conn + EXPIRES]! - jiffiesAt(now)) | 0
    if (left <= 0) throw new Error(`record ${conn} is ${-left} jiffies overdue`)
  }
}

/** Controllers are in the table, and have as many children as name them. */
export function checkControllers({ table: { words } }: Connections, conns: readonly ConnIndex[]): void {
  const children = new Map<number, number>()
  for (const conn of conns) {
    const controller = words[conn + CONTROLLER]!
    if (controller !== NONE) children.set(controller, (children.get(controller) ?? 0) + 1)
  }
  const live = new Set<number>(conns)
  for (const controller of children.keys())
    if (!live.has(controller)) throw new Error(`${controller} controls, but is free`)
  for (const conn of conns) {
    const counted = words[conn + STATE_CHILDREN]! >>> 8
    const found = children.get(conn) ?? 0
    if (counted !== found) throw new Error(`record ${conn} counts ${counted} children, and has ${found}`)
  }
}

/** Each destination counts the connections and templates that refer to it. */
export function checkCounts(
  { table: { words } }: Connections,
  conns: readonly ConnIndex[],
  destinations: Iterable<Destination>,
): void {
  for (const dest of destinations) {
    const mine = conns.filter(conn => words[conn + DEST] === dest.index)
    const templates = mine.filter(conn => words[conn + FLAGS]! & ConnFlag.TEMPLATE)
    const active = mine.filter(conn => !(words[conn + FLAGS]! & (ConnFlag.TEMPLATE | ConnFlag.INACTIVE)))
    const found = [active.length, mine.length - templates.length, templates.length]
    const counted = [dest.activeConns, dest.totalConns, dest.persistConns]
    if (found.join(' ') !== counted.join(' '))
      throw new Error(`destination ${dest.index} counts ${counted} (active, total, templates), and has ${found}`)
    if (dest.inactConns !== dest.totalConns - dest.activeConns) throw new Error(`${dest.index}: inactive`)
  }
}

/** Exactly FULLNAT's connections have a local side, by which they are found; no pair is taken twice, none for nobody. */
export function checkLocal({ table, fullnatKeys }: Connections, conns: readonly ConnIndex[]): void {
  const { words } = table
  const uses = new Map<number, number>()
  const pairs = new Set<string>()
  for (const conn of conns) {
    const at = keyAt(conn)
    const [laddr, lport] = [(fullnatKeys.words[at + LADDR] ?? 0) as Ipv4Addr, fullnatKeys.words[at + LPORT] ?? 0]
    const flags = words[conn + FLAGS]!
    const isFullnat = (flags & ConnFlag.METHOD) === Method.FULLNAT && (flags & ConnFlag.TEMPLATE) === 0
    if (isFullnat !== lport > 0)
      throw new Error(`record ${conn} of method ${flags & ConnFlag.METHOD} has port ${lport}`)
    if (!isFullnat) continue
    const [daddr, server] = [words[conn + DADDR]! as Ipv4Addr, words[conn + DPORT_PROTOCOL]!]
    if (fullnatKeys.lookup(server & 0xff, daddr, server >>> 16, laddr, lport) !== conn)
      throw new Error(`record ${conn} is not found`)
    pairs.add([laddr, lport, daddr, server].join(' '))
    uses.set(laddr, (uses.get(laddr) ?? 0) + 1)
  }
  const count = [...uses.values()].reduce((sum, n) => sum + n, 0)
  if (count !== fullnatKeys.count || pairs.size !== count)
    throw new Error(`${count} local sides, ${pairs.size} pairs, ${fullnatKeys.count} counted`)
  let resting = 0
  for (let last = 201; last <= 203; last++) {
    const laddr = parseIpv4(`10.99.2.${last}`)!
    const idle = fullnatKeys.ports.usesOf(laddr) - (uses.get(laddr) ?? 0)
    if (idle < 0) throw new Error(`${last}: ${fullnatKeys.ports.usesOf(laddr)} uses`)
    resting += idle
  }
  if (resting !== fullnatKeys.resting) throw new Error(`${resting} pairs are nobody's, ${fullnatKeys.resting} rest`)
}

/** The free records are all the others: the table takes as many more as its capacity says, none of them in use. */
export function checkFree({ table }: Connections, conns: readonly ConnIndex[]): void {
  const used = new Set<ConnIndex>(conns)
  const taken: ConnIndex[] = []
  for (;;) {
    const conn = table.insertHidden(6, 1 as Ipv4Addr, 2, 3 as Ipv4Addr, 4)
    if (conn === NONE) break
    if (used.has(conn)) throw new Error(`record ${conn} is free and in use`)
    used.add(conn)
    taken.push(conn)
  }
  if (used.size !== table.capacity) throw new Error(`${used.size} records of ${table.capacity}: some are lost`)
  for (const conn of taken) table.free(conn)
}
