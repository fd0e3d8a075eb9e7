/*
 * The same for every runner, so that only the balancer differs:
 *
 *   client ── cli ── director ── srv ── rs1          veth pairs; with a TAP, a bridge beside each of the director's ends
 *      └────────────── direct ──────────┘            for replies of DR or TUN, and all of `cable`; unused by the others
 */
import { hostPart, type LabMode, type LabPlan, natPlan } from '../../native-free/lab-plan.js'
import type { Namespaces } from '../../netns-lab/namespaces.js'

const CLIENT_DIRECT = '10.255.0.1'
export const SERVER_DIRECT = '10.255.0.2'
const LOCAL_ADDRESSES = ['172.16.20.201', '172.16.20.202']

/** client, director and one real server, without a bridge between; the plans differ only in their mode, and in who holds the director's addresses. */
export function benchPlan(mode: LabMode, beside?: true): LabPlan {
  const servers = natPlan.servers.slice(0, 1).map(server => ({ ...server, weight: 1 }))
  return {
    ...natPlan,
    mode,
    servers,
    scheduler: 'rr',
    localAddresses: mode === 'fullnat' ? LOCAL_ADDRESSES : [],
    ...(beside && { beside }),
  }
}

/** Adds the cable that bypasses the director, and routes the replies of DR and TUN through it. */
export async function addDirectCable(spaces: Namespaces, { mode, client, servers }: LabPlan): Promise<void> {
  const server = servers[0]!.name
  await spaces.cable(client.name, 'direct', server, 'direct')
  await spaces.ip(client.name, 'addr', 'add', `${CLIENT_DIRECT}/30`, 'dev', 'direct')
  await spaces.ip(server, 'addr', 'add', `${SERVER_DIRECT}/30`, 'dev', 'direct')
  if (mode !== 'dr' && mode !== 'tun') return
  await spaces.ip(server, 'route', 'add', hostPart(client.address), 'via', CLIENT_DIRECT)
}
