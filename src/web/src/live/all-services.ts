import type { ServiceInfo, ServiceKey, ServicePage } from '../../../control/protocol/api.ts'
import { read } from './api.ts'

/** All services in the kernel's order, or one; page by page. Throws ApiError. */
export async function readServices(service?: ServiceKey, signal?: AbortSignal): Promise<ServiceInfo[]> {
  const all: ServiceInfo[] = []
  for (let from: string | null | undefined; from !== null;) {
    const page: ServicePage = await read<'services'>(
      { op: 'services', ...(service && { service }), ...(from && { from }) },
      signal,
    )
    const [first] = page.rows
    if (page.continues && first) all.at(-1)?.destinations.push(...first.destinations)
    all.push(...(page.continues ? page.rows.slice(1) : page.rows))
    from = page.next
  }
  return all
}
