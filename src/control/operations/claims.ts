import type { Director } from '../../director/director.js'
import { formatIpv4, formatMac } from '../../wire/addr.js'
import type { ClaimInfo, claims as shapes } from '../protocol/claims.js'
import type { OperationsOf } from './operation.js'

export const claims = {
  claims: {
    run(director, { ask = false }) {
      if (ask) director.askWhoClaims()
      return director.claims.map(claim => ({
        address: formatIpv4(claim.addr),
        mac: formatMac(claim.mac),
        link: claim.link.name,
        count: claim.count,
        hosts: hostsAt(director, claim.mac),
      }))
    },
    merge: mergeClaims,
  },
} satisfies OperationsOf<keyof typeof shapes>

function hostsAt(director: Director, mac: Parameters<Director['hostsAt']>[0]): string[] {
  return director.hostsAt(mac).map(formatIpv4)
}

/** Each worker hears what came to it. */
function mergeClaims(all: readonly ClaimInfo[][]): ClaimInfo[] {
  const merged = new Map<string, ClaimInfo>()
  for (const claim of all.flat()) {
    const key = `${claim.link} ${claim.address} ${claim.mac}`
    const before = merged.get(key)
    const hosts = [...new Set([...(before?.hosts ?? []), ...claim.hosts])]
    merged.set(key, { ...claim, count: claim.count + (before?.count ?? 0), hosts })
  }
  return [...merged.values()]
}
