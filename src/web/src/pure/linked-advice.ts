import type { ServiceKey } from '../../../control/protocol/api.ts'
import { T } from '../texts.ts'
import { pagePath, serviceRoute } from './routes.ts'
import { serviceName } from './service-name.ts'

/* Advice on a verdict names commands: it is said in a terminal, too. Here it names the page that does the same. */

/** `href`: of a page. */
export interface AdvicePart {
  text: string
  href?: string
}

/** A command, an option of the director, a sysctl: no other word of an advice has an underscore. */
const NAMED = /(uvsadm -e … -w 1|uvsadm -L --thresholds|uvsadm -P|uvs health|--[a-z-]{4,}|[a-z]+_[a-z_]+)/

/** `service`: what it is about, if that is known. */
export function linkedAdvice(advice: string, service?: ServiceKey): AdvicePart[] {
  return advice
    .split(NAMED)
    .map((text, at) => (at % 2 === 0 ? { text } : linkOf(text, service)))
    .filter(({ text }) => text !== '')
}

function linkOf(named: string, service: ServiceKey | undefined): AdvicePart {
  const { itsPage, services, thresholds, tryIt, redundancy } = T.drops.places
  switch (named) {
    case 'uvsadm -e … -w 1':
      return service ? { text: itsPage, href: serviceRoute(service) } : { text: services, href: pagePath('services') }
    case 'uvsadm -L --thresholds':
      return { text: thresholds, href: pagePath('services', { view: 'thresholds', filter: nameOf(service) }) }
    case 'uvsadm -P':
      return { text: tryIt, href: pagePath('try') }
    case 'uvs health':
      return { text: redundancy, href: pagePath('redundancy') }
  }
  return { text: named, href: pagePath('settings', { search: named.startsWith('--') ? '' : named }) }
}

function nameOf(service: ServiceKey | undefined): string {
  return service ? serviceName(service) : ''
}
