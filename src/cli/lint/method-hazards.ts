import type { MethodName } from '../../control/protocol/api.js'
import {
  type Hazard,
  type LintedServer,
  type LintedService,
  passesDirector,
  placeText,
  type RuleSet,
} from './hazard.js'

const METHOD_OPTION: Record<MethodName, string> = { masq: '-m', direct: '-g', tunnel: '-i', fullnat: '-b' }

/** A real server of one of the services. `vip`: undefined for a service of a mark. */
interface Use extends Pick<LintedServer, 'line' | 'address'>, Pick<LintedService, 'key'> {
  vip: string | undefined
  method: MethodName
}

function* usesOf({ services }: RuleSet): Iterable<Use> {
  for (const { key, servers } of services)
    for (const { line, address, settings } of servers)
      yield { line, key, address, method: settings.method, vip: 'mark' in key ? undefined : key.address }
}

export const methodHazards: readonly Hazard[] = [
  {
    name: 'mixed-methods',
    *find(rules) {
      const seen = new Map<string, Use>()
      for (const use of usesOf(rules)) {
        const { line, address, method, vip } = use
        if (vip === undefined) continue
        const at = `${vip} ${address}`
        const other = seen.get(at)
        if (!other) seen.set(at, use)
        else if (passesDirector(other.method) !== passesDirector(method))
          yield {
            line,
            message: `${address} is reached by ${METHOD_OPTION[method]} here and by ${METHOD_OPTION[other.method]} ${placeText(rules, other)}, for the same VIP ${vip}: with -g and -i it holds the VIP and answers clients itself, with -m and -b it must not; choose one`,
          }
      }
    },
  },
  {
    name: 'director-as-gateway',
    *find(rules) {
      const uses = [...usesOf(rules)]
      const masqueraded = new Map<string, Use[]>()
      for (const use of uses) {
        if (use.method !== 'masq') continue
        const seen = masqueraded.get(use.address)
        if (!seen) masqueraded.set(use.address, [use])
        // Of two VIPs one is another than any: ten thousand services may share a real server.
        else if (seen.length === 1 && seen[0]!.vip !== use.vip) seen.push(use)
      }
      const direct = uses.filter(({ method }) => !passesDirector(method))
      for (const { line, address, method, vip } of direct) {
        // With the same VIP the finding is mixed-methods.
        const other = masqueraded.get(address)?.find(each => vip === undefined || each.vip !== vip)
        if (other)
          yield {
            line,
            message: `${address} is reached by ${METHOD_OPTION[method]} here and by -m ${placeText(rules, other)}: for -m its default gateway is the director, which drops its answers to ${METHOD_OPTION[method]}, whose source is the VIP (drop-source-is-ours); use -b in place of -m, or route by source there`,
          }
      }
      const [first] = direct
      if (first)
        yield {
          line: first.line,
          severity: 'info',
          message: `real servers of -g and -i send answers to clients themselves: their default gateway must not be the director, which drops packets from a VIP (drop-source-is-ours)`,
        }
    },
  },
]
