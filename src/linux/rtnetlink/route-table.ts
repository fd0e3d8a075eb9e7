import { isSame } from './is-same.js'
import { PrefixTable } from './prefix-table.js'
import type { HostRoute } from './route.js'

/** What news of a route meant. DOUBT: they do not say for certain how it is now, so the routes must be read anew. */
export const News = { NONE: 0, CHANGE: 1, DOUBT: 2 } as const
export type News = (typeof News)[keyof typeof News]

/**
 * The routes of all tables. The kernel takes several routes of one table, prefix, TOS and metric (`ip route append`, `prepend`) and
 * uses the first. Where there are several, news do not say which one is first.
 */
export class RouteTable {
  /** By the block that they lead to. */
  #routes = new PrefixTable<HostRoute[]>()
  #count = 0
  #list: readonly HostRoute[] | undefined

  /** The same list until something changes. */
  values(): readonly HostRoute[] {
    return (this.#list ??= this.#routes.values().flat())
  }

  /** The kernel has added the route. `isReplacing`: it took the place of another. */
  add(route: HostRoute, isReplacing: boolean): News {
    const there = this.#routes.get(route.to)
    const [rival, another] = rivalsOf(route, there)
    if (another !== undefined) return News.DOUBT
    if (rival === undefined) this.#append(route)
    else if (isSame(rival, route)) return News.NONE
    else if (isReplacing) there![there!.indexOf(rival)] = route
    else return News.DOUBT
    this.#list = undefined
    return News.CHANGE
  }

  delete(route: HostRoute): News {
    const there = this.#routes.get(route.to)
    const [rival, another] = rivalsOf(route, there)
    if (rival === undefined) return News.NONE
    if (another !== undefined || !isSame(rival, route)) return News.DOUBT
    this.#count--
    this.#list = undefined
    if (there!.length === 1) this.#routes.delete(route.to)
    else there!.splice(there!.indexOf(rival), 1)
    return News.CHANGE
  }

  /** Takes a whole list in place of what there was. Returns whether it differs. */
  replaceAll(routes: readonly HostRoute[]): boolean {
    const before = this.#routes
    let isNews = routes.length !== this.#count
    this.#routes = new PrefixTable()
    this.#count = 0
    for (const route of routes) {
      const place = rivalsOf(route, this.#routes.get(route.to)).length
      const known = rivalsOf(route, before.get(route.to))[place]
      const isKnown = known !== undefined && isSame(known, route)
      this.#append(isKnown ? known : route)
      isNews ||= !isKnown
    }
    if (isNews) this.#list = undefined
    return isNews
  }

  #append(route: HostRoute): void {
    const there = this.#routes.get(route.to)
    if (there) there.push(route)
    else this.#routes.set(route.to, [route])
    this.#count++
  }
}

/** The routes that the kernel tells from this one by their order alone. */
function rivalsOf({ table, metric, tos }: HostRoute, routes: readonly HostRoute[] = []): HostRoute[] {
  return routes.filter(other => other.table === table && other.metric === metric && other.tos === tos)
}
