import { addRoute as addRouteText } from '../../director/rules/configure.js'
import type { Director } from '../../director/director.js'
import { UsageError } from '../../director/options.js'
import type { RouteInfo } from '../protocol/api.js'
import { cidrOf } from './keys.js'
import { Refused } from '../protocol/refused.js'

/** As `--route` does at the start; what that would complain about is refused with EINVAL. */
export function addRoute(director: Director, { to, gateway = '', port, mtu }: RouteInfo): void {
  const text = `${to}=${gateway}${port === undefined ? '' : `@${port}`}${mtu === undefined ? '' : `,mtu=${mtu}`}`
  try {
    addRouteText(director, text)
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
