import { armsOf, type LabMode, type LabPlan, natPlan } from '../native-free/lab-plan.js'

/** Direct routing: all on one network. A real server has the virtual address too, and replies directly to the client. */
export const drPlan: LabPlan = {
  mode: 'dr',
  client: { name: 'client', segment: 'lan', address: '192.168.159.10/24' },
  arms: [{ link: 'lan', segment: 'lan', address: '192.168.159.34/24' }],
  servers: [
    { name: 'rs1', segment: 'lan', address: '192.168.159.32/24', weight: 1 },
    { name: 'rs2', segment: 'lan', address: '192.168.159.33/24', weight: 1 },
  ],
  routers: [],
  routes: [],
  vip: '192.168.159.100',
  port: 80,
  scheduler: 'rr',
  localAddresses: [],
}

/** IPIP: the real servers are on another network, behind a router, which also forwards their replies to the client. */
export const tunPlan: LabPlan = {
  mode: 'tun',
  client: { name: 'client', segment: 'lan', address: '192.168.159.10/24', gateway: '192.168.159.1' },
  arms: [{ link: 'lan', segment: 'lan', address: '192.168.159.34/24' }],
  servers: [
    { name: 'rs1', segment: 'far', address: '172.16.20.100/24', gateway: '172.16.20.254', weight: 1 },
    { name: 'rs2', segment: 'far', address: '172.16.20.101/24', gateway: '172.16.20.254', weight: 1 },
  ],
  routers: [
    {
      name: 'router',
      links: [
        { segment: 'lan', address: '192.168.159.1/24' },
        { segment: 'far', address: '172.16.20.254/24' },
      ],
    },
  ],
  routes: ['172.16.20.0/24=192.168.159.1'],
  vip: '192.168.159.100',
  port: 80,
  scheduler: 'rr',
  localAddresses: [],
}

/**
 * FULLNAT: the real servers are behind a router, which is their gateway and has no route to the clients' network. They
 * reply to the director's LIPs, since they see no other address.
 */
export const fullnatPlan: LabPlan = {
  mode: 'fullnat',
  client: { name: 'client', segment: 'clients', address: '10.0.0.10/24', gateway: '10.0.0.1' },
  arms: [
    { link: 'wan', segment: 'clients', address: '10.0.0.1/24' },
    { link: 'lan', segment: 'lan', address: '192.168.100.1/24' },
  ],
  servers: [
    { name: 'rs1', segment: 'far', address: '192.168.200.2/24', gateway: '192.168.200.254', weight: 1 },
    { name: 'rs2', segment: 'far', address: '192.168.200.3/24', gateway: '192.168.200.254', weight: 1 },
  ],
  routers: [
    {
      name: 'router',
      links: [
        { segment: 'lan', address: '192.168.100.254/24' },
        { segment: 'far', address: '192.168.200.254/24' },
      ],
    },
  ],
  routes: ['192.168.200.0/24=192.168.100.254'],
  vip: '10.0.0.100',
  port: 80,
  scheduler: 'rr',
  localAddresses: ['192.168.100.200', '192.168.100.201'],
}

export const PLANS: Record<LabMode, LabPlan> = { nat: natPlan, dr: drPlan, tun: tunPlan, fullnat: fullnatPlan }

/** The plan with its real servers beside the director, rr and weight 1, so that plans differ only in their mode. */
export function alike(plan: LabPlan): LabPlan {
  const { segment, address } = armsOf(plan).at(-1)!
  const network = address.slice(0, address.lastIndexOf('.'))
  const servers = plan.servers.map(({ name, gateway }, i) => {
    const beside = { name, segment, address: `${network}.${32 + i}/24`, weight: 1 }
    return plan.mode === 'nat' && gateway !== undefined ? { ...beside, gateway } : beside
  })
  const { gateway: _, ...onLink } = plan.client
  const client = plan.mode === 'tun' ? onLink : plan.client
  return { ...plan, client, servers, routers: [], routes: [], scheduler: 'rr' }
}
