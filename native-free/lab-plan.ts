export interface PlannedHost {
  /** Its namespace's name behind the lab's prefix, and what its HTTP server answers. Of one length, as `ab` likes answers. */
  name: string
  /** With prefix length. */
  address: string
  gateway: string
}

export interface PlannedServer extends PlannedHost {
  weight: number
}

/** An interface of the director. */
export interface PlannedArm {
  port: string
  address: string
}

/** A lab as it is whatever it is built of: namespaces and veths, or stations in memory. */
export interface LabPlan {
  mode: string
  client: PlannedHost
  /** The clients' side, the real servers' side. */
  arms: [client: PlannedArm, servers: PlannedArm]
  servers: PlannedServer[]
  vip: string
  port: number
  scheduler: string
}

/** NAT with two arms, the usual first example: the answer's way back leads through the director. See netns-lab/topology.txt. */
export const natPlan: LabPlan = {
  mode: 'nat',
  client: { name: 'client', address: '192.168.10.10/24', gateway: '192.168.10.1' },
  arms: [
    { port: 'cli', address: '192.168.10.1/24' },
    { port: 'srv', address: '172.16.20.150/24' },
  ],
  servers: [
    { name: 'rs1', address: '172.16.20.100/24', gateway: '172.16.20.150', weight: 3 },
    { name: 'rs2', address: '172.16.20.1/24', gateway: '172.16.20.150', weight: 1 },
  ],
  vip: '192.168.10.100',
  port: 80,
  scheduler: 'wrr',
}

/** '172.16.20.1/24' → '172.16.20.1'. */
export const hostPart = (address: string): string => address.slice(0, address.indexOf('/'))

/** `uvs director`'s own addresses: '192.168.10.1/24@cli'. */
export function directorAddresses(plan: LabPlan): string[] {
  return plan.arms.map(({ port, address }) => `${address}@${port}`)
}

/** The rules as uvsadm's arguments, a command an entry. */
export function rules({ vip, port, scheduler, servers }: LabPlan): string[][] {
  const service = ['-t', `${vip}:${port}`]
  const destination = ({ address, weight }: PlannedServer): string[] => {
    const server = `${hostPart(address)}:${port}`
    return ['-a', ...service, '-r', server, '-m', '-w', String(weight)]
  }
  return [['-A', ...service, '-s', scheduler], ...servers.map(destination)]
}
