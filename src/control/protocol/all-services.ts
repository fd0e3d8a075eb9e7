import type { Answer, Control, ServiceInfo, ServiceKey, ServicePage } from './api.js'

/** All services in the kernel's order, or one; or the director's refusal. Requests them page by page. */
export async function allServices(control: Control, service?: ServiceKey): Promise<Answer<ServiceInfo[]>> {
  const all: ServiceInfo[] = []
  for (let from: string | null | undefined; from !== null;) {
    const reply: Answer<ServicePage> = await control.call<'services'>({
      op: 'services',
      ...(service && { service }),
      ...(from && { from }),
    })
    if (!reply.ok) return reply
    const { rows, continues, next } = reply.value
    const [first] = rows
    if (continues && first) all.at(-1)?.destinations.push(...first.destinations)
    for (const row of continues ? rows.slice(1) : rows) all.push(row)
    from = next
  }
  return { ok: true, value: all }
}
