import type { Cidr, Ipv4Addr } from '../wire/addr.js'

/** Gives packets of a protocol to these addresses and ports a mark. */
export interface MarkRule {
  readonly protocol: number
  readonly to: Cidr
  /** Empty: every port. */
  readonly ports: readonly { readonly first: number; readonly last: number }[]
  /** Unsigned 32 bits. */
  readonly mark: number
}

/** Firewall marks, in place of netfilter. The last rule that matches a packet sets its mark. */
export class Marks {
  #rules: readonly MarkRule[] = []
  readonly #changed: (rules: readonly MarkRule[]) => void

  /** `changed` is called with the new rules after each change. */
  constructor(changed: (rules: readonly MarkRule[]) => void = () => {}) {
    this.#changed = changed
  }

  get rules(): readonly MarkRule[] {
    return this.#rules
  }
  add(rule: MarkRule): void {
    this.#rules = [...this.#rules, rule]
    this.#changed(this.#rules)
  }
  clear(): void {
    this.#rules = []
    this.#changed(this.#rules)
  }

  /** The packet's mark; 0: none. */
  of(protocol: number, dstAddr: Ipv4Addr, dstPort: number): number {
    const rules = this.#rules
    for (let i = rules.length - 1; i >= 0; i--) if (fits(rules[i]!, protocol, dstAddr, dstPort)) return rules[i]!.mark
    return 0
  }
}

function fits(rule: MarkRule, protocol: number, dstAddr: Ipv4Addr, dstPort: number): boolean {
  if (rule.protocol !== protocol || (dstAddr & rule.to.mask) !== (rule.to.addr & rule.to.mask)) return false
  const { ports } = rule
  if (ports.length === 0) return true
  for (let i = 0; i < ports.length; i++) if (dstPort >= ports[i]!.first && dstPort <= ports[i]!.last) return true
  return false
}
