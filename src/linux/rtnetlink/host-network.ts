import { dump } from './dump.js'
import { HostTables } from './host-tables.js'
import { ADDRESSES, LINKS, NEIGHBOURS, NEXT_HOPS, ROUTES, RULES, type Kind, type KindNumbers } from './kinds.js'
import { IGNORED, LOST, NetlinkSocket, NOTHING } from './netlink-socket.js'
import type { HostSnapshot } from './snapshot.js'

/** Room for news that wait, in octets as the kernel counts them: some 1500 messages. */
const ROOM = 4 << 20
/** The most datagrams that one call takes; the others wait for the next call. */
const MOST_DATAGRAMS = 8192
/** The most times that one call reads stale kinds: news that arrive during a read can make them stale again. */
const MOST_READS = 3

export interface HostNetworkOptions {
  /** Whether neighbours are read and followed too. Without it the snapshot has none. */
  withNeighbours?: boolean
  /** Room for news that wait, in octets. */
  room?: number
}

/**
 * What the kernel of this network namespace holds, read and followed by rtnetlink(7): links, IPv4 addresses, routes of all tables,
 * rules, next hop objects, and neighbours if asked.
 *
 *     const host = new HostNetwork()
 *     setInterval(() => { if (host.takeChanges()) use(host.snapshot) }, 50)
 *
 * News wait in the socket until `takeChanges` takes them. It reads the kernel's lists anew if too many news came at once, or if
 * they do not say everything. So the snapshot is true as of the call. For a moment its parts may be of different times: a route may
 * name a link that is gone.
 */
export class HostNetwork {
  readonly #socket: NetlinkSocket
  readonly #tables = new HostTables()
  readonly #kinds: readonly KindNumbers[]
  #snapshot: HostSnapshot | undefined
  /** Whether anything has changed since `takeChanges` last returned. */
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

  /** Reads everything anew. Returns whether anything changed. SystemError. */
  read(): boolean {
    this.#tables.stale = ~0
    return this.takeChanges()
  }

  /**
   * Takes the news that are there, without waiting; where there are none this costs one system call. Returns whether anything
   * changed. SystemError if something must be read anew and cannot be: the next call tries again, and reports both changes.
   */
  takeChanges(): boolean {
    let isEmpty = this.#takeNews()
    // A list is read only when no news wait. Older news would undo the list for a while; and after a loss, as long as some wait,
    // the kernel may drop others without saying so.
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

  /** Returns whether no news wait any more. */
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
    // A list that kept changing while it was read stays stale: it is read again.
    if (isConsistent) this.#tables.stale &= ~kind.bit
    if (table.replaceAll(values)) this.#changed()
  }
}
