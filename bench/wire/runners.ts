import { type LabMode, rules } from '../../native-free/lab-plan.js'
import { startHaproxy, startNginxStream, startNft, startRouting, nginxStreamModule } from './peers.js'
import type { Balancer, Runner } from './runner.js'
import { addIdleServices } from './idle-services.js'
import type { NetnsLab } from '../../netns-lab/netns-lab.js'
import { which } from '../../netns-lab/tools.js'
import { whyNoUml } from '../../netns-lab/uml/uml-kernel.js'
import { startUmlDirector } from './uml-director.js'
import { UDP_PORT } from './udp-rate.js'

const needs = (program: string) => (): string | undefined =>
  which(program) ? undefined : `${program} is not installed`
const peer = { mode: 'nat', io: 'raw' } as const
const uvs = (['raw', 'tap'] as const).flatMap(io =>
  (['nat', 'fullnat', 'dr', 'tun'] satisfies LabMode[]).map(mode => uvsRunner(io, mode)),
)
/** Every packet comes up to the director. */
const up: Runner = {
  name: 'uvs-up-nat',
  title: 'uvs raw, NAT, without offload',
  mode: 'nat',
  io: 'raw',
  start: (lab, services) => startUvs(lab, services, '--offload', 'off'),
}
/** The real server's process alone opens the tunnels. */
const device: Runner = {
  ...uvsRunner('raw', 'tun'),
  name: 'uvs-device-tun',
  title: 'uvs raw, TUN, no program on the real server',
  decap: 'device',
}
const beside = (['nat', 'dr'] satisfies LabMode[]).map(besideRunner)

/** In the order of a round; ratios are to the first. */
export const runners: readonly Runner[] = [
  { ...peer, name: 'no-balancer', title: 'no balancer, kernel routing', direct: 'routed', start: startRouting },
  {
    ...peer,
    name: 'cable',
    title: 'a cable, nothing between',
    direct: 'cable',
    start: () => Promise.resolve({ pids: [] }),
  },
  { ...peer, name: 'nftables', title: 'nftables DNAT', missing: needs('nft'), start: startNft },
  {
    ...peer,
    name: 'haproxy',
    title: 'HAProxy, tcp, 1 thread',
    tcpOnly: true,
    missing: needs('haproxy'),
    start: startHaproxy,
  },
  {
    ...peer,
    name: 'nginx-stream',
    title: 'nginx stream, 1 worker',
    missing: () => (nginxStreamModule() === undefined ? 'nginx has no stream module' : undefined),
    start: startNginxStream,
  },
  { ...peer, name: 'kernel-ipvs', title: 'kernel IPVS (user-mode-linux)', missing: whyNoUml, start: startUml },
  ...uvs,
  ...beside,
  up,
  device,
]

function uvsRunner(io: 'raw' | 'tap', mode: LabMode): Runner {
  const name = `uvs-${io}-${mode}`
  return { name, title: `uvs ${io}, ${mode.toUpperCase()}`, mode, io, start: startUvs }
}

function besideRunner(mode: LabMode): Runner {
  const title = `uvs beside the kernel, ${mode.toUpperCase()}`
  return {
    name: `uvs-beside-${mode}`,
    title,
    mode,
    io: 'raw',
    beside: true,
    start: (lab, services) => startUvs(lab, services),
  }
}

async function startUml(lab: NetnsLab): Promise<Balancer> {
  const { plan } = lab.options
  const udp = rules(plan, ['-u', `${plan.vip}:${UDP_PORT}`], { port: UDP_PORT })
  const { pid } = await startUmlDirector(lab, udp)
  return { pids: [pid] }
}

async function startUvs(lab: NetnsLab, services: number, ...options: string[]): Promise<Balancer> {
  const director = await lab.startDirector(...options)
  const { plan } = lab.options
  const udp = rules(plan, ['-u', `${plan.vip}:${UDP_PORT}`], { port: UDP_PORT })
  for (const rule of [...rules(plan), ...udp]) {
    const { status, err } = await director.admin(rule)
    if (status !== 0) throw new Error(`uvsadm ${rule.join(' ')}: ${err.trim()}`)
  }
  await addIdleServices(director.control, plan.vip, services - 2)
  return { pids: [director.id.pid] }
}
