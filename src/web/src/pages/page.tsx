import { Head } from '../parts/bits.tsx'
import { serviceRoute, type Route } from '../pure/routes.ts'
import { T } from '../texts.ts'
import { ConnectionsPage } from './connections.tsx'
import { DropsPage } from './drops.tsx'
import { OverviewPage } from './overview.tsx'
import { PathPage } from './path.tsx'
import { RedundancyPage } from './redundancy.tsx'
import { ServicePage } from './service.tsx'
import { ServicesPage } from './services.tsx'
import { SettingsPage } from './settings.tsx'
import { TryPage } from './try.tsx'

export function Page({ route }: { route: Route }) {
  switch (route.page) {
    case 'overview':
      return <OverviewPage />
    case 'services':
      return <ServicesPage query={route.query} />
    case 'service':
      return <ServicePage key={serviceRoute(route.service)} service={route.service} />
    case 'connections':
      return <ConnectionsPage query={route.query} />
    case 'drops':
      return <DropsPage />
    case 'path':
      return <PathPage />
    case 'redundancy':
      return <RedundancyPage />
    case 'settings':
      return <SettingsPage query={route.query} />
    case 'try':
      return <TryPage />
    case 'missing':
      return <Head title={T.missing.title} sub={T.missing.sub} />
  }
}
