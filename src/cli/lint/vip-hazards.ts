import { isHostAddress, parseIpv4 } from '../../wire/addr.js'
import type { Found, Hazard, RuleSet } from './hazard.js'

/** The first line of each VIP that a host can have. */
function* vips({ services }: RuleSet): Iterable<{ line: number; vip: string }> {
  const seen = new Set<string>()
  for (const { line, key } of services) {
    if ('mark' in key || seen.has(key.address)) continue
    seen.add(key.address)
    const addr = parseIpv4(key.address)
    if (addr !== undefined && isHostAddress(addr)) yield { line, vip: key.address }
  }
}

/** Who answers ARP for a VIP, where the director's interfaces are known. */
export const vipHazards: readonly Hazard[] = [
  {
    name: 'vip-unheld',
    *find(rules): Found {
      for (const { line, vip } of vips(rules)) {
        const found = rules.whoAnswers?.(vip)
        if (found === undefined || found.isKernels || found.isDirectors) continue
        const message = `nobody answers for ${vip}: this host's kernel does not hold it, and beside it rules alone claim no address; ip addr add ${vip}/32 dev lo, or --vip ${vip}`
        yield { line, message }
      }
    },
  },
  {
    name: 'vip-held-twice',
    *find(rules): Found {
      for (const { line, vip } of vips(rules)) {
        const found = rules.whoAnswers?.(vip)
        if (!found?.isKernels || !found.isDirectors) continue
        const message = `${vip} is this host's kernel's, and the director has been given it too: the kernel alone answers, and uvs as soon as it lets go; leave it to one of them`
        yield { line, message }
      }
    },
  },
]
