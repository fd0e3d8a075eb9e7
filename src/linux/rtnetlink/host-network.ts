import { dump } from './dump.js'
import { HostTables } from './host-tables.js'
import { ADDRESSES, LINKS, NEIGHBOURS, NEXT_HOPS, ROUTES, RULES, type Kind, type KindNumbers } from './kinds.js'
import { IGNORED, LOST, NetlinkSocket, NOTHING } from './netlink-socket.js'
import type { HostSnapshot } from './snapshot.js'

/** Octets that news may take while they wait, by the kernel's count: some 1500 of them. */
const ROOM = 4 << 20
/** Datagrams that are taken in one call; what is left waits for the next. */
const MOST_DATAGRAMS = 8192
/** So often what is stale is read anew in one call, where news that come meanwhile make it stale again. */
const MOST_READS = 3

export interface HostNetworkOptions {
  /** Neighbours are read and followed too: without it there are none. */
  withNeighbours?: boolean
  /** Octets that news may take while they wait. */
  room?: number
}

/**
 * What the kernel of this network namespace holds, read and followed by rtnetlink(7): links, IPv4 addresses, routes of all tables,
 * rules, next hop objects, and neighbours if asked.
 *
 *     const host = new HostNetwork()
 *     setInterval(() => { if (host.takeChanges()) use(host.snapshot) }, 50)
 *
 * News wait in the socket until `takeChanges` takes them. Where too many came at once, and where they do not say all, it reads
 * the kernel's lists anew. So the snapshot is true as of the call, though for moments (a route whose link is gone) parts of it may be
 * of different times.
 */
export class HostNetwork {
  readonly #socket: NetlinkSocket
  readonly #tables = new HostTables()
  readonly #kinds: readonly KindNumbers[]
  #snapshot: HostSnapshot | undefined
  /** Since `takeChanges` returned last. */
  #isChanged = false

  /** Reads all. SystemError where the kernel has no rtnetlink or may not be asked. */
  constructor({ withNeighbours = false, room = ROOM }: HostNetworkOptions = {}) {
    const kinds: KindNumbers[] = [LINKS, ADDRESSES, ROUTES, RULES, NEXT_HOPS, ...(withNeighbours ? [NEIGHBOURS] : [])]
    this.#kinds = kinds
    this.#socket = new NetlinkSocket(false)
    try {
      this.#socket.setRoom(room)
      // Before the first list is read: what changes meanwhile is news then.
      for (const kind of kinds) this.#socket.join(kind.group, kind === NEXT_HOPS)
      this.read()
    } catch (error) {
      this.close()
      throw error
    }
  }

  /**
   * Readable when there is news, for poll(2). Not for `Poller`: it takes a socket's error, and with it the word that news were
   * lost.
   */
  get fd(): number {
    return this.#socket.fd
  }

  get snapshot(): HostSnapshot {
    return (this.#snapshot ??= this.#tables.snapshot())
  }

  /** Reads all anew. Whether anything changed. SystemError. */
  read(): boolean {
    this.#tables.stale = ~0
    return this.takeChanges()
  }

  /**
   * Takes the news that are there, without waiting: a system call where there are none. Whether anything changed. SystemError where
   * something has to be read anew and cannot be: then it is tried again at the next call, which tells of both.
   */
  takeChanges(): boolean {
    let isEmpty = this.#takeNews()
    // Only once no news wait: those that are older than a list would undo it for a while, and as long as some wait after a loss,
    // others may be lost without a word.
    for (let reads = 0; isEmpty && this.#isStale() && reads < MOST_READS; reads++) {
      this.#readStale()
      isEmpty = this.#takeNews()
    }
    const isChanged = this.#isChanged
    this.#isChanged = false
    return isChanged
  }

  close(): void {
    this.#socket.close()
  }

  /** Whether none wait any more. */
  #takeNews(): boolean {
    const socket = this.#socket
    for (let i = 0; i < MOST_DATAGRAMS; i++) {
      const octets = socket.receive()
      if (octets === NOTHING) return true
      if (octets === LOST) this.#tables.stale = ~0
      else if (octets !== IGNORED && this.#tables.hear(socket.view, octets)) this.#changed()
    }
    return false
  }

  #changed(): void {
    this.#isChanged = true
    this.#snapshot = undefined
  }

  #isStale(): boolean {
    return this.#kinds.some(({ bit }) => (this.#tables.stale & bit) !== 0)
  }

  #readStale(): void {
    const tables = this.#tables
    this.#readAnew(LINKS, tables.links)
    this.#readAnew(ADDRESSES, tables.addresses)
    this.#readAnew(NEXT_HOPS, tables.nextHops)
    this.#readAnew(ROUTES, tables.routes)
    this.#readAnew(RULES, tables.rules)
    this.#readAnew(NEIGHBOURS, tables.neighbours)
  }

  #readAnew<T>(kind: Kind<T>, table: { replaceAll(values: readonly T[]): boolean }): void {
    if ((this.#tables.stale & kind.bit) === 0 || !this.#kinds.includes(kind)) return
    const { values, isConsistent } = dump(kind)
    // What changed all the time while it was read is read again.
    if (isConsistent) this.#tables.stale &= ~kind.bit
    if (table.replaceAll(values)) this.#changed()
  }
}
