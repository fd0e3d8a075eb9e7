import { setTimeout as sleep } from 'node:timers/promises'
import type { Hop, Place } from '../native-free/lab-path.js'
import { armsOf, type LabPlan } from '../native-free/lab-plan.js'
import type { CapturedFrame } from './capture.js'
import { fetchUrl } from './fetch-url.js'
import type { NetnsLab } from './netns-lab.js'
import { readTcpFrame } from './read-frame.js'

/** Time for the kernel to start timestamping, which one of its threads does, and for the last frames to arrive. */
const BEGIN_MS = 250
const SETTLE_MS = 50

/** Sends one request and traces its SYN, its first data and the answer's first data. */
export async function traceRequest(lab: NetnsLab): Promise<Hop[]> {
  const { plan, io } = lab.options
  // Not imported above: it needs native code, which the simulated lab does not.
  const { Capture, macOfTap } = await import('./capture.js')
  const names = ['client', 'director', ...plan.routers.map(({ name }) => name), ...plan.servers.map(({ name }) => name)]
  const links = await linksOf(lab, names)
  if (io === 'tap')
    for (const { link } of armsOf(plan)) links.add(macOfTap(link), { space: 'director', interface: link })
  const capture = Capture.open(new Map(names.map(name => [name, `/run/netns/${lab.spaces.full(name)}`])))
  try {
    await sleep(BEGIN_MS)
    await fetchUrl(lab, lab.url)
    await sleep(SETTLE_MS)
    return hopsOf(capture.take(), links, plan)
  } finally {
    capture.close()
  }
}

/** Pure: selects the frames that are the three packets' hops, each as received at its destination. */
export function hopsOf(frames: readonly CapturedFrame[], links: Links, { port }: Pick<LabPlan, 'port'>): Hop[] {
  const hops: Hop[] = []
  let began: bigint | undefined
  for (const { space, ifindex, at, ethernet, octets } of frames) {
    const frame = readTcpFrame(octets, ethernet)
    const what = frame && whatIs(frame, port)
    const to = frame?.macs ? links.owner(frame.macs.dst) : { space, interface: links.name(space, ifindex) }
    if (!frame || !what || to?.space !== space) continue
    const from = frame.macs ? (links.owner(frame.macs.src) ?? { space: '?', interface: '' }) : { space, interface: '' }
    if (hops.some(hop => hop.what === what && hop.to.space === space && hop.to.interface === to.interface)) continue
    const { syn: _, ack: __, ...said } = frame
    began ??= at
    hops.push({ what, microseconds: Number((at - began) / 1000n), from, to, ...said })
  }
  const order = ['syn', 'request', 'reply']
  return hops.sort((a, b) => order.indexOf(a.what) - order.indexOf(b.what))
}

function whatIs(
  { syn, ack, payload, sport, dport }: { syn: boolean; ack: boolean; payload: number; sport: number; dport: number },
  port: number,
): Hop['what'] | undefined {
  if (dport === port) return payload > 0 ? 'request' : syn && !ack ? 'syn' : undefined
  return sport === port && payload > 0 ? 'reply' : undefined
}

/** Maps a MAC address to its owner, and an interface's index to its name. */
export class Links {
  readonly #owners = new Map<string, Place>()
  readonly #names = new Map<string, string>()

  add(mac: string, place: Place, ifindex?: number): void {
    this.#owners.set(mac, place)
    if (ifindex !== undefined) this.#names.set(`${place.space} ${ifindex}`, place.interface)
  }

  owner(mac: string): Place | undefined {
    return this.#owners.get(mac)
  }

  name(space: string, ifindex: number): string {
    return this.#names.get(`${space} ${ifindex}`) ?? `interface ${ifindex}`
  }
}

async function linksOf(lab: NetnsLab, names: readonly string[]): Promise<Links> {
  const links = new Links()
  for (const space of names) {
    const listed = JSON.parse(await lab.spaces.must(space, 'ip', ['-j', 'link'])) as {
      ifindex: number
      ifname: string
      address?: string
    }[]
    for (const { ifindex, ifname, address = '' } of listed) links.add(address, { space, interface: ifname }, ifindex)
  }
  return links
}
