import { addressKey } from './address.js'
import { Attributes } from './attributes.js'
import { ADDRESSES, added, LINKS, NEIGHBOURS, NEXT_HOPS, removed, ROUTES, RULES, type Kind } from './kinds.js'
import type { HostLink } from './link.js'
import { MessageFlag, MessageReader } from './message.js'
import { neighbourKey } from './neighbour.js'
import type { NextHopObject } from './next-hop.js'
import { OrderedList } from './ordered-list.js'
import { News, RouteTable } from './route-table.js'
import type { HostRule } from './rule.js'
import type { HostSnapshot } from './snapshot.js'
import { Table } from './table.js'

const reader = new MessageReader()
const attributes = new Attributes()

/**
 * What the kernel holds, kept up to date by its news. A kind is stale, and must be read anew, if news were lost, could not be
 * read, or do not say everything:
 * - routes: the kernel does not mention those that go with a link, an address or a next hop object;
 * - rules: two may be alike, so that news do not say which one is meant.
 */
export class HostTables {
  readonly links = new Table<HostLink>(({ index }) => index)
  readonly addresses = new Table(addressKey)
  readonly routes = new RouteTable()
  readonly rules = new OrderedList<HostRule>()
  readonly nextHops = new Table<NextHopObject>(({ id }) => id)
  readonly neighbours = new Table(neighbourKey)
  /** The bits of the kinds that must be read anew. */
  stale = 0

  /** Takes a datagram of news, `octets` long. Returns whether anything changed. A malformed one makes every kind stale. */
  hear(view: DataView<ArrayBufferLike>, octets: number): boolean {
    let isNews = false
    reader.wrap(view, octets)
    while (reader.next()) if (this.#hearOne(view)) isNews = true
    if (reader.isMalformed) this.stale = ~0
    return isNews
  }

  #hearOne(view: DataView<ArrayBufferLike>): boolean {
    switch (reader.type) {
      case added(LINKS):
      case removed(LINKS):
        return this.#hearLink(view)
      case added(ADDRESSES):
        return this.#set(ADDRESSES, this.addresses, view)
      case removed(ADDRESSES):
        this.stale |= ROUTES.bit
        return this.#delete(ADDRESSES, this.addresses, view)
      case added(ROUTES):
      case removed(ROUTES):
        return this.#hearRoute(view)
      case added(RULES):
      case removed(RULES):
        this.stale |= RULES.bit
        return false
      case added(NEXT_HOPS):
      case removed(NEXT_HOPS):
        this.stale |= NEXT_HOPS.bit | ROUTES.bit
        return false
      case added(NEIGHBOURS):
        return this.#set(NEIGHBOURS, this.neighbours, view)
      case removed(NEIGHBOURS):
        return this.#delete(NEIGHBOURS, this.neighbours, view)
      default:
        return false
    }
  }

  #hearLink(view: DataView<ArrayBufferLike>): boolean {
    const link = this.#read(LINKS, view)
    if (link === undefined) return false
    if (reader.type === removed(LINKS)) {
      this.stale |= ROUTES.bit | NEXT_HOPS.bit
      this.addresses.deleteWhere(address => address.link === link.index)
      this.neighbours.deleteWhere(neighbour => neighbour.link === link.index)
      return this.links.delete(link)
    }
    const before = this.links.get(link.index)
    if (before && (before.isUp !== link.isUp || before.hasCarrier !== link.hasCarrier))
      this.stale |= ROUTES.bit | NEXT_HOPS.bit
    return this.links.set(link)
  }

  #hearRoute(view: DataView<ArrayBufferLike>): boolean {
    const route = this.#read(ROUTES, view)
    if (route === undefined) return false
    const isReplacing = (reader.flags & MessageFlag.REPLACE) !== 0
    const news = reader.type === added(ROUTES) ? this.routes.add(route, isReplacing) : this.routes.delete(route)
    if (news === News.DOUBT) this.stale |= ROUTES.bit
    return news === News.CHANGE
  }

  #read<T>(kind: Kind<T>, view: DataView<ArrayBufferLike>): T | undefined {
    return kind.read(view, reader.body, reader.end, attributes)
  }
  #set<T>(kind: Kind<T>, table: Table<T>, view: DataView<ArrayBufferLike>): boolean {
    const value = this.#read(kind, view)
    return value !== undefined && table.set(value)
  }
  #delete<T>(kind: Kind<T>, table: Table<T>, view: DataView<ArrayBufferLike>): boolean {
    const value = this.#read(kind, view)
    return value !== undefined && table.delete(value)
  }

  snapshot(): HostSnapshot {
    return {
      links: this.links.values(),
      addresses: this.addresses.values(),
      routes: this.routes.values(),
      rules: this.rules.values(),
      nextHops: this.nextHops.values(),
      neighbours: this.neighbours.values(),
    }
  }
}
