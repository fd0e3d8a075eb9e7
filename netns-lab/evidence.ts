import type { Hop } from '../native-free/lab-path.js'
import { difference, directorCounters } from './director-counters.js'
import type { DirectorProcess } from './director-process.js'
import { fetchUrl } from './fetch-url.js'
import type { Evidence } from './mode-checks.js'
import type { NetnsLab } from './netns-lab.js'

/** Downloads once, and collects what the mode's checks need. */
export async function gatherEvidence(
  lab: NetnsLab,
  director: DirectorProcess,
  hops: readonly Hop[],
): Promise<Evidence> {
  const { plan } = lab.options
  const [server] = lab.servers.values()
  const before = await directorCounters(lab, director.id.pid)
  const { octets } = await fetchUrl(lab, lab.url + server!.bigPath)
  const { received, sent } = difference(before, await directorCounters(lab, director.id.pid))
  const gateways = new Map<string, string | undefined>()
  for (const { name } of plan.servers) gateways.set(name, await gatewayOf(lab, name))
  return { plan, hops, download: { octets, received: received.octets, sent: sent.octets }, gateways }
}

async function gatewayOf(lab: NetnsLab, name: string): Promise<string | undefined> {
  const text = await lab.spaces.must(name, 'ip', ['-j', 'route', 'show', 'default'])
  const [route] = JSON.parse(text) as { gateway?: string }[]
  return route?.gateway
}
