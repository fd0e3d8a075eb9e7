/*
 * A namespace each for client, director, real servers and routers; topology.txt draws them with addresses.
 *
 *   a segment of two    a veth pair                        client eth0 ───── cli director
 *   a segment of more   a bridge in a namespace, br0       director srv ── wire ── rs1, rs2
 *                       its name: wire, or wire-SEGMENT where there are several
 *   raw                 the director's interface is the veth end
 *   tap                 it is a TAP; cli ── br-cli ── cli-up: TAP and veth end share a bridge
 */
import { armsOf, type LabPlan } from '../native-free/lab-plan.js'
import type { Namespaces } from './namespaces.js'

interface Plug {
  space: string
  interface: string
}

/** Builds the plan's namespaces and wires. The director's interfaces get no kernel address, unless uvs is to live beside the kernel. */
export async function buildTopology(spaces: Namespaces, plan: LabPlan, io: 'raw' | 'tap' | 'libpcap'): Promise<void> {
  const hosts = [plan.client, ...plan.servers]
  for (const { name } of [plan.client, { name: 'director' }, ...plan.routers, ...plan.servers]) await spaces.add(name)

  const segments = [...plugsOf(plan, io)]
  const shared = segments.filter(([, plugs]) => plugs.length > 2).length
  for (const [segment, plugs] of segments) await addSegment(spaces, shared > 1 ? `wire-${segment}` : 'wire', plugs)
  if (io === 'tap') for (const { link } of armsOf(plan)) await addTap(spaces, link)

  for (const { name, address } of hosts) await spaces.ip(name, 'addr', 'add', address, 'dev', 'eth0')
  for (const { name, links, routes = [] } of plan.routers) {
    for (const { segment, address } of links) await spaces.ip(name, 'addr', 'add', address, 'dev', `to-${segment}`)
    for (const { to, via } of routes) await spaces.ip(name, 'route', 'add', to, 'via', via)
    await spaces.must(name, 'sysctl', ['-qw', 'net.ipv4.ip_forward=1'])
  }
  for (const { name, gateway } of hosts) {
    if (gateway !== undefined) await spaces.ip(name, 'route', 'add', 'default', 'via', gateway)
  }
  if (plan.beside) await giveToKernel(spaces, plan)
}

/** The director's kernel gets the addresses of its interfaces, the VIP, on the clients' side, and its routes. */
export async function giveToKernel(spaces: Namespaces, plan: LabPlan): Promise<void> {
  for (const { link, address } of armsOf(plan)) await spaces.ip('director', 'addr', 'add', address, 'dev', link)
  await spaces.ip('director', 'addr', 'add', `${plan.vip}/32`, 'dev', plan.arms[0].link)
  for (const route of plan.routes) {
    const [to = '', via = ''] = route.split('=')
    await spaces.ip('director', 'route', 'add', to, 'via', via)
  }
}

/** The ends plugged into each segment, clients' side first. */
function plugsOf(plan: LabPlan, io: 'raw' | 'tap' | 'libpcap'): Map<string, Plug[]> {
  const plugs = new Map<string, Plug[]>()
  const plug = (segment: string, space: string, name: string): void => {
    plugs.set(segment, [...(plugs.get(segment) ?? []), { space, interface: name }])
  }
  plug(plan.client.segment, plan.client.name, 'eth0')
  for (const { segment, link } of armsOf(plan)) plug(segment, 'director', io === 'tap' ? `${link}-up` : link)
  for (const { name, links } of plan.routers) for (const { segment } of links) plug(segment, name, `to-${segment}`)
  for (const { segment, name } of plan.servers) plug(segment, name, 'eth0')
  return plugs
}

async function addSegment(spaces: Namespaces, wire: string, plugs: readonly Plug[]): Promise<void> {
  const [a, b, ...more] = plugs
  if (a && b && more.length === 0) return spaces.cable(a.space, a.interface, b.space, b.interface)
  await spaces.add(wire)
  for (const { space, interface: name } of plugs) await spaces.cable(space, name, wire, `to-${space}`)
  await spaces.bridge(
    wire,
    'br0',
    plugs.map(({ space }) => `to-${space}`),
  )
}

/** A TAP beside the arm's veth end. vnet_hdr: frames keep their virtio-net header, so checksum and segmentation stay offloaded. */
async function addTap(spaces: Namespaces, link: string): Promise<void> {
  await spaces.ip('director', 'tuntap', 'add', 'dev', link, 'mode', 'tap', 'vnet_hdr')
  await spaces.ip('director', 'link', 'set', link, 'up')
  await spaces.bridge('director', `br-${link}`, [link, `${link}-up`])
}
