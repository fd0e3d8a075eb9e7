import type { Director } from '../director/director.js'
import { parseRoute, UsageError } from '../director/options.js'
import type { RouteInfo } from './api.js'
import { cidrOf } from './keys.js'
import { Refused } from './refused.js'

/** As `--route` does at the start; what that would complain about is refused with EINVAL. */
export function addRoute(director: Director, { to, gateway = '', port, mtu }: RouteInfo): void {
  const text = `${to}=${gateway}${port === undefined ? '' : `@${port}`}${mtu === undefined ? '' : `,mtu=${mtu}`}`
  const { routes, ports } = director
  const route = understood(text, director)
  const out = route.port === undefined ? routes.portOnLink(route.gateway!) : ports[route.port]
  if (!out) throw new Refused('EINVAL', `route '${text}': the gateway is on none of the networks here`)
  routes.add(route.to, out, route.gateway, route.mtu)
}

function understood(text: string, { ports }: Director): ReturnType<typeof parseRoute> {
  try {
    return parseRoute(
      text,
      ports.map(port => port.name),
    )
  } catch (error) {
    if (error instanceof UsageError) throw new Refused('EINVAL', error.message.replace(/^--route:/, 'route'))
    throw error
  }
}

export function deleteRoute({ routes }: Director, to: string): void {
  const cidr = cidrOf(to)
  if ((cidr.addr & ~cidr.mask) !== 0) throw new Refused('EINVAL', `${to} is no network: it has host bits`)
  if (!routes.delete(cidr)) throw new Refused('ESRCH', `there is no route to ${to}`)
}
