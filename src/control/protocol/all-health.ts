import type { Answer, Control, HealthPage, ServiceHealth } from './api.js'

/** All virtual servers of a keepalived.conf, or the director's refusal. Requests them page by page. */
export async function allHealth(control: Control): Promise<Answer<ServiceHealth[]>> {
  const all: ServiceHealth[] = []
  for (let from: number | null = 0; from !== null;) {
    const reply: Answer<HealthPage> = await control.call<'health'>({ op: 'health', from })
    if (!reply.ok) return reply
    all.push(...reply.value.services)
    from = reply.value.next
  }
  return { ok: true, value: all }
}
