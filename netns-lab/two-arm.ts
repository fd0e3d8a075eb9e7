/*
 *  client ──────── cli  director  srv ──────── wire ─┬── rs1      Each word between dashes is a namespace;
 *  eth0                (uvs runs here)         br0   └── rs2      topology.txt draws it with addresses.
 *
 *  raw: cli and srv are veth ends.
 *  tap: cli ── br-cli ── cli-up, srv ── br-srv ── srv-up: a TAP and a veth end share a bridge.
 *  With one real server there is no wire: its veth pair ends at the director.
 */
import type { LabPlan } from '../native-free/lab-plan.js'
import type { Namespaces } from './namespaces.js'

/** Builds the plan's namespaces and wires. The director's interfaces get no kernel address: they are for uvs. */
export async function buildTwoArm(spaces: Namespaces, plan: LabPlan, io: 'raw' | 'tap'): Promise<void> {
  const [clients, servers] = plan.arms
  for (const name of ['client', 'director', ...plan.servers.map(server => server.name)]) await spaces.add(name)

  const end = (port: string): string => (io === 'tap' ? `${port}-up` : port)
  const [only, ...others] = plan.servers
  await spaces.cable('client', 'eth0', 'director', end(clients.port))
  if (only && others.length === 0) await spaces.cable(only.name, 'eth0', 'director', end(servers.port))
  else await addWire(spaces, plan, end(servers.port))
  if (io === 'tap') for (const { port } of plan.arms) await addTap(spaces, port)

  for (const { name, address, gateway } of [plan.client, ...plan.servers]) {
    await spaces.ip(name, 'addr', 'add', address, 'dev', 'eth0')
    await spaces.ip(name, 'route', 'add', 'default', 'via', gateway)
  }
}

/** The real servers' segment: a bridge in a namespace of its own, which the director's port and every server are on. */
async function addWire(spaces: Namespaces, { servers }: LabPlan, directorPort: string): Promise<void> {
  await spaces.add('wire')
  await spaces.cable('wire', 'to-director', 'director', directorPort)
  for (const { name } of servers) await spaces.cable(name, 'eth0', 'wire', `to-${name}`)
  await spaces.bridge('wire', 'br0', ['to-director', ...servers.map(({ name }) => `to-${name}`)])
}

/** A TAP beside the arm's veth end. vnet_hdr: frames keep their virtio-net header, so checksums and segments stay undone. */
async function addTap(spaces: Namespaces, port: string): Promise<void> {
  await spaces.ip('director', 'tuntap', 'add', 'dev', port, 'mode', 'tap', 'vnet_hdr')
  await spaces.ip('director', 'link', 'set', port, 'up')
  await spaces.bridge('director', `br-${port}`, [port, `${port}-up`])
}
