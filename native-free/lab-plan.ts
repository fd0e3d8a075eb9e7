export const LAB_MODES = ['nat', 'dr', 'tun', 'fullnat'] as const
export type LabMode = (typeof LAB_MODES)[number]

export interface PlannedHost {
  /** Its namespace's name after the prefix, and its HTTP answer. All of one length: `ab` counts another length as a failure. */
  name: string
  /** The Ethernet segment that it is on. */
  segment: string
  /** With prefix length. */
  address: string
  /** Its default route; none where all its peers are on its segment. */
  gateway?: string
}

export interface PlannedServer extends PlannedHost {
  weight: number
  /** How it is forwarded to, where the plan's own mode does not say. */
  method?: LabMode
}

/** An interface of the director. */
export interface PlannedArm {
  link: string
  segment: string
  address: string
}

/** A router in the kernel; its interfaces are called to-SEGMENT. */
export interface PlannedRouter {
  name: string
  links: { segment: string; address: string }[]
  /** Routes besides its own networks: '198.51.100.0/24' and its gateway. */
  routes?: { to: string; via: string }[]
}

/** A lab, whatever it is built of: namespaces and veths, or stations in memory. */
export interface LabPlan {
  mode: LabMode
  client: PlannedHost
  /** The clients' side first; with one arm the real servers are on it too. */
  arms: [clients: PlannedArm, servers?: PlannedArm]
  servers: PlannedServer[]
  routers: PlannedRouter[]
  /** The director's routes besides its own networks, as `uvs director --route` takes them: CIDR=GATEWAY. */
  routes: string[]
  vip: string
  port: number
  scheduler: string
  /** FULLNAT: the LIPs, which real servers see in the client's place. */
  localAddresses: string[]
  /** The director's kernel holds its addresses, routes and the VIP, and uvs lives beside it. Absent: uvs is alone there. */
  beside?: true
}

/** NAT with two arms, the usual first example: replies return through the director. See netns-lab/topology.txt. */
export const natPlan: LabPlan = {
  mode: 'nat',
  client: { name: 'client', segment: 'clients', address: '192.168.10.10/24', gateway: '192.168.10.1' },
  arms: [
    { link: 'cli', segment: 'clients', address: '192.168.10.1/24' },
    { link: 'srv', segment: 'servers', address: '172.16.20.150/24' },
  ],
  servers: [
    { name: 'rs1', segment: 'servers', address: '172.16.20.100/24', gateway: '172.16.20.150', weight: 3 },
    { name: 'rs2', segment: 'servers', address: '172.16.20.1/24', gateway: '172.16.20.150', weight: 1 },
  ],
  routers: [],
  routes: [],
  vip: '192.168.10.100',
  port: 80,
  scheduler: 'wrr',
  localAddresses: [],
}

/** '172.16.20.1/24' → '172.16.20.1'. */
export const hostPart = (address: string): string => address.slice(0, address.indexOf('/'))

/** The director's interfaces. */
export const armsOf = (plan: LabPlan): PlannedArm[] => plan.arms.flatMap(arm => arm ?? [])

/** `uvs director`'s own addresses: '192.168.10.1/24@cli'. */
export function directorAddresses(plan: LabPlan): string[] {
  return armsOf(plan).map(({ link, address }) => `${address}@${link}`)
}

/** uvsadm's options for a mode's forwarding method; `mapsPort`: whether a real server can have a port of their own. */
const METHODS: Record<LabMode, { option: string; mapsPort: boolean }> = {
  nat: { option: '-m', mapsPort: true },
  dr: { option: '-g', mapsPort: false },
  tun: { option: '-i', mapsPort: false },
  fullnat: { option: '-b', mapsPort: true },
}

/** A service's rules as uvsadm's arguments, one command an entry; by default the plan's own service. */
export function rules(
  plan: LabPlan,
  service = ['-t', `${plan.vip}:${plan.port}`],
  { port }: { port: number } = plan,
): string[][] {
  const { option, mapsPort } = METHODS[plan.mode]
  const destination = ({ address, weight }: PlannedServer): string[] => {
    const server = mapsPort ? `${hostPart(address)}:${port}` : hostPart(address)
    return ['-a', ...service, '-r', server, option, '-w', String(weight)]
  }
  return [
    ['-A', ...service, '-s', plan.scheduler],
    ...plan.localAddresses.map(local => ['--add-laddr', '-z', local, ...service]),
    ...plan.servers.map(destination),
  ]
}
