import type { Director } from '../../director/director.js'
import { readRoute, UsageError } from '../../director/options.js'
import { addRoute } from '../../director/rules/configure.js'
import { Refused } from '../protocol/refusal.js'
import type { RouteInfo, routes as shapes } from '../protocol/routes.js'
import { cidrOf } from './keys.js'
import type { OperationsOf } from './operation.js'

export const routes = {
  'add-route': {
    run(director, route) {
      setRoute(director, route)
      return null
    },
  },
  'delete-route': {
    run(director, { to }) {
      deleteRoute(director, to)
      return null
    },
  },
} satisfies OperationsOf<keyof typeof shapes>

/** Adds a route like `--route`; an error of that option is refused with EINVAL. */
function setRoute(director: Director, route: RouteInfo): void {
  const named = (): string => `route '${textOf(route)}'`
  try {
    const names = director.links.map(({ name }) => name)
    addRoute(director, readRoute({ ...route, link: route.port }, names, named), named)
  } catch (error) {
    if (error instanceof UsageError) throw new Refused('EINVAL', error.message)
    throw error
  }
}

function textOf({ to, gateway = '', port: link, mtu }: RouteInfo): string {
  return `${to}=${gateway}${link === undefined ? '' : `@${link}`}${mtu === undefined ? '' : `,mtu=${mtu}`}`
}

function deleteRoute({ routes }: Director, to: string): void {
  const cidr = cidrOf(to)
  if ((cidr.addr & ~cidr.mask) !== 0) throw new Refused('EINVAL', `${to} is no network: it has host bits`)
  if (!routes.delete(cidr)) throw new Refused('ESRCH', `there is no route to ${to}`)
}
