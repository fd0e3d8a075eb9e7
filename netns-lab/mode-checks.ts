import type { Hop } from '../native-free/lab-path.js'
import { armsOf, hostPart, type LabMode, type LabPlan } from '../native-free/lab-plan.js'
import type { Check } from '../native-free/lab-report.js'

export interface Evidence {
  plan: LabPlan
  hops: readonly Hop[]
  /** A download's octets, and what the director's interfaces received and sent during it. */
  download: { octets: number; received: number; sent: number }
  /** The real servers' default gateways, by server name. */
  gateways: ReadonlyMap<string, string | undefined>
}

/** Acknowledgements alone are less than this share of the data, at one for every one or two full segments. */
const LITTLE = 0.1

/** Checks the properties that make up a mode. Pure. */
export function modeChecks(evidence: Evidence): Check[] {
  return checks[evidence.plan.mode].map(check => check(evidence))
}

type CheckOf = (evidence: Evidence) => Check

const checks: Record<LabMode, CheckOf[]> = {
  nat: [destinationBecomesReal, directorIsGateway, repliesPassBack],
  dr: [onlyMacChanges, repliesPassBy],
  tun: [wrappedInIpip, repliesPassBy],
  fullnat: [serverSeesLocal, directorIsNoGateway, repliesPassBack],
}

/** The request as the director received it, and as it sent it on. */
function atDirector({ hops }: Evidence): { before: Hop; after: Hop } | undefined {
  const request = hops.filter(({ what }) => what === 'request')
  const before = request.find(({ to }) => to.space === 'director')
  const after = request.find(({ from }) => from.space === 'director')
  return before && after && { before, after }
}

const source = ({ src, sport }: Hop): string => `${src}:${sport}`
const destination = ({ dst, dport }: Hop): string => `${dst}:${dport}`
const realAddresses = ({ servers }: LabPlan): string[] => servers.map(({ address }) => hostPart(address))

function fromCapture(name: string, evidence: Evidence, judge: (before: Hop, after: Hop) => [boolean, string]): Check {
  const seen = atDirector(evidence)
  if (!seen) return { name, holds: false, detail: 'no request was seen to come to the director and leave it' }
  const [holds, detail] = judge(seen.before, seen.after)
  return { name, holds, detail }
}

function destinationBecomesReal(evidence: Evidence): Check {
  return fromCapture('the director rewrites the destination only', evidence, (before, after) => {
    const holds = source(before) === source(after) && realAddresses(evidence.plan).includes(after.dst) && !after.outer
    return [holds, `${destination(before)} became ${destination(after)}, from ${source(after)}`]
  })
}

function onlyMacChanges(evidence: Evidence): Check {
  return fromCapture('the director changes MAC addresses and no IP address', evidence, (before, after) => {
    const same = source(before) === source(after) && destination(before) === destination(after)
    const holds = same && !after.outer && before.payload === after.payload && before.macs?.dst !== after.macs?.dst
    return [holds, `to ${destination(after)} before and after, ${before.macs?.dst} became ${after.macs?.dst}`]
  })
}

function wrappedInIpip(evidence: Evidence): Check {
  return fromCapture('the director wraps the packet, unchanged, in IP protocol 4', evidence, (before, after) => {
    const same = source(before) === source(after) && destination(before) === destination(after)
    const { outer } = after
    const holds = same && outer?.protocol === 4 && realAddresses(evidence.plan).includes(outer.dst)
    const around = outer ? `${outer.src} → ${outer.dst} protocol ${outer.protocol}` : 'no outer header'
    return [holds, `${around} around ${source(after)} → ${destination(after)}`]
  })
}

function serverSeesLocal({ plan, hops }: Evidence): Check {
  const name = 'the real server sees a local address of the director as its client'
  const seen = hops.find(({ what, to }) => what === 'request' && plan.servers.some(server => server.name === to.space))
  if (!seen) return { name, holds: false, detail: 'no request was seen to come to a real server' }
  return { name, holds: plan.localAddresses.includes(seen.src), detail: `${seen.to.space} saw ${source(seen)}` }
}

function gatewayCheck(name: string, { plan, gateways }: Evidence, allowed: (isDirector: boolean) => boolean): Check {
  const ours = [...armsOf(plan).map(({ address }) => hostPart(address)), ...plan.localAddresses]
  const holds = plan.servers.every(server => allowed(ours.includes(gateways.get(server.name) ?? '')))
  const detail = plan.servers.map(server => `${server.name} has ${gateways.get(server.name) ?? 'none'}`).join(', ')
  return { name, holds, detail }
}

function directorIsGateway(evidence: Evidence): Check {
  return gatewayCheck('the director is the real servers’ gateway', evidence, isDirector => isDirector)
}

function directorIsNoGateway(evidence: Evidence): Check {
  return gatewayCheck('the director is not the real servers’ gateway', evidence, isDirector => !isDirector)
}

function repliesPassBack(evidence: Evidence): Check {
  const { octets, received, sent } = evidence.download
  const holds = octets > 0 && received >= octets && sent >= octets && replyHops(evidence).some(throughDirector)
  return { name: 'replies pass back through the director', holds, detail: counted(evidence) }
}

function repliesPassBy(evidence: Evidence): Check {
  const { octets, received, sent } = evidence.download
  const little = octets > 0 && received < octets * LITTLE && sent < octets * LITTLE
  const reply = replyHops(evidence)
  const holds = little && reply.length > 0 && !reply.some(throughDirector)
  return { name: 'replies do not pass the director', holds, detail: counted(evidence) }
}

const replyHops = ({ hops }: Evidence): Hop[] => hops.filter(({ what }) => what === 'reply')
const throughDirector = ({ from, to }: Hop): boolean => from.space === 'director' || to.space === 'director'

const mega = (count: number): string => `${(count / 1e6).toFixed(2)} MB`

function counted({ download: { octets, received, sent } }: Evidence): string {
  return `of a download of ${mega(octets)}, its interfaces received ${mega(received)} and sent ${mega(sent)}`
}
