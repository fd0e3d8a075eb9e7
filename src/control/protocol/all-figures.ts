import type { Control, Reply, ServiceFigures } from './api.js'

/** The live counters of every service, page by page. Throws an Error with the director's refusal. */
export async function* allFigures(control: Control): AsyncGenerator<ServiceFigures[]> {
  for (let from: string | null | undefined; from !== null;) {
    const reply: Reply<'service-figures'> = await control.call({ op: 'service-figures', ...(from && { from }) })
    if (!reply.ok) throw new Error(reply.message)
    yield reply.value.services
    from = reply.value.next
  }
}
