import type { LabPlan } from '../../native-free/lab-plan.js'

/** What the kernel's own web server answers. */
export const KERNEL = 'kernel'
/** Of the kernel's own servers: the echo, and a web server that no service of ours covers. */
export const ECHO_PORT = 22
export const OWN_WEB_PORT = 9000
/** The kernel's web server listens here too; a service of ours takes it over. */
const DR_PORT = 80
/** Nothing of the kernel's listens here. */
const NAT_PORT = 8080
export const WEB_PORTS = [DR_PORT, OWN_WEB_PORT] as const

const DIP = '192.168.159.34'
const GATEWAY = '192.168.159.1'
const VIP = '192.168.159.100'

/**
 * A host with one NIC, whose kernel holds its address and the VIP; uvs beside it. The client is behind a router, so that real
 * servers of NAT can have the director as their gateway, and those of direct routing the router. See topology.txt.
 */
export const besidePlan: LabPlan = {
  mode: 'dr',
  beside: true,
  client: { name: 'client', segment: 'clients', address: '10.0.0.10/24', gateway: '10.0.0.1' },
  arms: [{ link: 'eth0', segment: 'lan', address: `${DIP}/24` }],
  servers: [
    { name: 'rs1', segment: 'lan', address: '192.168.159.11/24', gateway: GATEWAY, weight: 1 },
    { name: 'rs2', segment: 'lan', address: '192.168.159.12/24', gateway: GATEWAY, weight: 1 },
    { name: 'rs3', segment: 'lan', address: '192.168.159.13/24', gateway: DIP, weight: 1, method: 'nat' },
    { name: 'rs4', segment: 'lan', address: '192.168.159.14/24', gateway: DIP, weight: 1, method: 'nat' },
  ],
  routers: [
    {
      name: 'router',
      links: [
        { segment: 'clients', address: '10.0.0.1/24' },
        { segment: 'lan', address: `${GATEWAY}/24` },
      ],
    },
  ],
  routes: [`default=${GATEWAY}`],
  vip: VIP,
  port: DR_PORT,
  scheduler: 'rr',
  localAddresses: [],
}

/** Its two services, each as a plan of its own: `port` is the VIP's. Real servers serve port 80. */
export const drPart: LabPlan = { ...besidePlan, servers: besidePlan.servers.slice(0, 2) }
export const natPart: LabPlan = { ...besidePlan, mode: 'nat', servers: besidePlan.servers.slice(2), port: NAT_PORT }
export const SERVER_PORT = 80

export const ADDRESSES = { dip: DIP, vip: VIP } as const
/** The kernel's sessions that must live through all of it. */
export const SESSIONS = [`${DIP}:${ECHO_PORT}`, `${VIP}:${ECHO_PORT}`] as const
