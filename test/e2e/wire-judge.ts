import type { Namespaces } from '../../netns-lab/namespaces.js'

/** What frames of the director may be: a rule of nftables without its verdict. */
export type Allowed = readonly string[]

/**
 * Judges each frame of TCP and IPIP that the director puts on the wire, by rules at its port of the bridge: to the MAC of whom it is for, from and to
 * the right addresses and ports. `hosts`: whose MACs those are, by name: `@name_macs` of the rules.
 */
export class WireJudge {
  constructor(
    readonly spaces: Namespaces,
    readonly hosts: readonly string[],
  ) {}

  async open(allowed: Allowed): Promise<void> {
    const sets = this.hosts.map(host => `set ${host}_macs { type ether_addr; }`)
    const rules = allowed.map(rule => `${rule} counter accept`)
    await this.#nft(`
      table netdev judge {
        ${sets.join('\n')}
        set stale { type ether_addr; }
        set wrong { type ether_addr . ipv4_addr . inet_service . ipv4_addr . inet_service; flags dynamic; size 1000; }
        set stray { type ether_addr . ipv4_addr . ipv4_addr; flags dynamic; size 1000; }
        set late { type ether_addr . ipv4_addr; flags dynamic; size 1000; }
        chain director {
          type filter hook ingress device to-director priority 0; policy accept;
          ip protocol != { tcp, 4 } accept
          ether daddr @stale add @late { ether daddr . ip daddr }
          ${rules.join('\n')}
          ip protocol 4 add @stray { ether daddr . ip saddr . ip daddr } accept
          add @wrong { ether daddr . ip saddr . tcp sport . ip daddr . tcp dport }
        }
      }`)
    for (const host of this.hosts) await this.mayHave(host)
  }

  /** The host's present MAC is one that its frames may have from now on. */
  async mayHave(host: string): Promise<string> {
    const mac = (await this.spaces.must(host, 'cat', ['/sys/class/net/eth0/address'])).trim()
    await this.#nft(`add element netdev judge ${host}_macs { ${mac} }`)
    return mac
  }
  /** No frame may have this MAC any more. */
  isStale(mac: string): Promise<void> {
    return this.#nft(`add element netdev judge stale { ${mac} }`)
  }
  /** Frames that have been sent by rules that name this. */
  async counted(what: string): Promise<number> {
    const rules = await this.spaces.must('wire', 'nft', ['list', 'chain', 'netdev', 'judge', 'director'])
    const counts = rules.split('\n').filter(line => line.includes(what))
    return counts.reduce((sum, line) => sum + Number(/counter packets (\d+)/.exec(line)?.[1] ?? 0), 0)
  }
  /** What no frame should have been: the wrong ones, and those with a MAC of the past. */
  async faults(): Promise<string[]> {
    const elements = async (set: string): Promise<string[]> => {
      const text = await this.spaces.must('wire', 'nft', ['list', 'set', 'netdev', 'judge', set])
      return (
        /elements = \{([^}]*)\}/
          .exec(text)?.[1]
          ?.split(',')
          .map(each => `${set}: ${each.trim()}`) ?? []
      )
    }
    return [...(await elements('wrong')), ...(await elements('stray')), ...(await elements('late'))]
  }

  async #nft(text: string): Promise<void> {
    await this.spaces.must('wire', 'nft', [text])
  }
}
