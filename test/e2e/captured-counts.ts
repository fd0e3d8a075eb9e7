import type { Namespaces } from '../../netns-lab/namespaces.js'

export interface Counted {
  packets: number
  octets: number
}

/** Counts TCP packets to and from a port as a host's kernel sends and gets them: octets of IP packets, a GSO frame once. */
export async function countTcp(spaces: Namespaces, name: string, port: number): Promise<void> {
  const rules = ['dport', 'sport'].flatMap(which =>
    ['in', 'out'].map(way => `add rule ip counted ${way} tcp ${which} ${port} counter comment "${way} ${which}"`),
  )
  const chains = [
    'add chain ip counted in { type filter hook input priority 0; }',
    'add chain ip counted out { type filter hook postrouting priority 300; }',
  ]
  await spaces.must(name, 'nft', [['add table ip counted', ...chains, ...rules].join('; ')])
}

/** What a host has counted: of requests and of answers, as they came or went. */
export async function counted(spaces: Namespaces, name: string): Promise<{ requests: Counted; answers: Counted }> {
  const listing = await spaces.must(name, 'nft', ['list', 'table', 'ip', 'counted'])
  const sum = { requests: { packets: 0, octets: 0 }, answers: { packets: 0, octets: 0 } }
  for (const [, packets, octets, which] of listing.matchAll(
    /counter packets (\d+) bytes (\d+) comment "\w+ ([ds])port"/g,
  )) {
    const kind = which === 'd' ? sum.requests : sum.answers
    kind.packets += Number(packets)
    kind.octets += Number(octets)
  }
  return sum
}
