import { armsOf, hostPart, type LabPlan, type PlannedRouter } from '../../native-free/lab-plan.js'
import type { NetnsLab } from '../../netns-lab/netns-lab.js'

const BEYOND = '198.51.100'
const FAR = '203.0.113'

/** The plan with its client behind one more router, 'outer', which has the client's address on the client's segment. */
export function clientBeyond(plan: LabPlan): LabPlan {
  const { segment, address } = plan.client
  const via = hostPart(address)
  const outer: PlannedRouter = {
    name: 'outer',
    links: [
      { segment: 'beyond', address: `${BEYOND}.1/24` },
      { segment, address },
    ],
  }
  const others = plan.routers.map(router => {
    const touches = router.links.some(link => link.segment === segment)
    return touches ? { ...router, routes: [...(router.routes ?? []), { to: `${BEYOND}.0/24`, via }] } : router
  })
  // Real servers on the client's segment send their answers to the new router.
  const servers = plan.servers.map(server => (server.segment === segment ? { ...server, gateway: via } : server))
  return {
    ...plan,
    client: { name: 'client', segment: 'beyond', address: `${BEYOND}.10/24`, gateway: `${BEYOND}.1` },
    servers,
    routers: [outer, ...others],
    routes: [...plan.routes, `${BEYOND}.0/24=${via}`],
  }
}

/** A NAT plan with its real servers behind a router, 'router', whose default route is the director. */
export function serversBeyond(plan: LabPlan): LabPlan {
  const arm = armsOf(plan).at(-1)!
  const inner = `${hostPart(arm.address).replace(/\d+$/, '254')}`
  const router: PlannedRouter = {
    name: 'router',
    links: [
      { segment: arm.segment, address: `${inner}/24` },
      { segment: 'far', address: `${FAR}.254/24` },
    ],
    routes: [{ to: 'default', via: hostPart(arm.address) }],
  }
  const servers = plan.servers.map((server, i) => {
    return { ...server, segment: 'far', address: `${FAR}.${i + 1}/24`, gateway: `${FAR}.254` }
  })
  return { ...plan, servers, routers: [...plan.routers, router], routes: [...plan.routes, `${FAR}.0/24=${inner}`] }
}

/** Makes a router refuse packets above `mtu` towards a segment, as if the wire there were narrower; undefined: no more. */
export async function narrow(lab: NetnsLab, router: string, segment: string, mtu?: number): Promise<void> {
  const link = lab.options.plan.routers
    .find(({ name }) => name === router)
    ?.links.find(({ segment: name }) => name === segment)
  if (!link) throw new RangeError(`${router} is not on ${segment}`)
  const network = link.address.replace(/\d+\/24$/, '0/24')
  const source = ['proto', 'kernel', 'scope', 'link', 'src', hostPart(link.address)]
  const size = mtu === undefined ? [] : ['mtu', String(mtu)]
  await lab.spaces.ip(router, 'route', 'replace', network, 'dev', `to-${segment}`, ...source, ...size)
}
