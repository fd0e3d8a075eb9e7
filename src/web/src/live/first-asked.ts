import type { Route } from '../pure/routes.ts'
import { askedAtFirst, viewOf } from '../pure/services-view.ts'
import { TOP_SERVICES, type Asked } from './tick.ts'

/** What the page of a route asks for, so that the stream's first tick has it: another stream would take as long again. */
export function firstAsked(route: Route): Asked {
  switch (route.page) {
    case 'overview':
    case 'path':
      return TOP_SERVICES
    case 'service':
      return route.service
    case 'services':
      return askedAtFirst(viewOf(route.query))
    default:
      return 'none'
  }
}
