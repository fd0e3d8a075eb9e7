import { NONE, type ConnIndex } from '../../../conn/record.js'
import type { Director } from '../../../director/director.js'
import type { LookUp, SetAside, Witness } from '../../../director/path/witness.js'
import { nameOfService } from '../../../director/rules/service-name.js'
import type { ScheduledService } from '../../../director/rules/scheduled-service.js'
import { FrameFacts } from '../../../filter/frame-facts.js'
import type { Hop } from '../../../forward/hop.js'
import type { Flow } from '../../../packet/flow.js'
import type { Slab } from '../../../packet/frame.js'
import type { Link } from '../../../packet/link.js'
import { Verdict, verdictNames } from '../../../packet/verdict.js'
import type { Destination } from '../../../service/destination.js'
import { TunnelType } from '../../../service/method.js'
import { formatIpv4, type Ipv4Addr } from '../../../wire/addr.js'
import type { CandidateInfo, ExplainedStep, Explanation } from '../../protocol/explain.js'
import { connectionInfo } from '../connections.js'
import { changedFields } from './changed-fields.js'
import { fieldsOf } from './frame-fields.js'
import { offloadStep } from './offload-step.js'
import { packetLine } from './packet-line.js'

/** The most octets and real servers that an explanation holds. */
const MOST_OCTETS = 2048
const MOST_CANDIDATES = 64

/** Writes down what a director decides of one frame. It copies what it needs: the frame may be rewritten, the tables change. */
export class Story implements Witness {
  readonly #director: Director
  readonly #told: (explanation: Explanation) => void
  readonly #explanation: Explanation
  readonly #facts: FrameFacts
  readonly #in: Link
  #out: Link | undefined
  /** The connection that the packet was found to be of, and whose tunnel it may take. */
  #conn: ConnIndex = NONE
  /** By which of its tables. A new connection's packet was looked up first too. */
  #by: LookUp | undefined
  #chosen: Destination | undefined

  /** `told` gets the explanation when all is decided. `at`: Unix time, in ms. */
  constructor(
    director: Director,
    at: number,
    link: Link,
    slab: Slab,
    frameAt: number,
    len: number,
    told: (explanation: Explanation) => void,
  ) {
    this.#director = director
    this.#told = told
    this.#in = link
    const octets = slab.bytes.slice(frameAt, frameAt + len)
    const view = new DataView(octets.buffer)
    this.#facts = new FrameFacts().read(view, 0, len)
    const fields = fieldsOf(view, 0, len)
    this.#explanation = {
      at,
      link: link.name,
      packet: packetLine(fields, len),
      fields,
      octets: Buffer.from(octets.buffer, 0, Math.min(len, MOST_OCTETS)).toString('hex'),
      length: len,
      steps: [],
      verdict: '',
    }
  }

  lookedUp(by: LookUp, conn: ConnIndex): void {
    this.#add({ step: 'connection', by, ...this.#infoOf(conn) })
    if (conn !== NONE) this.#conn = conn
    if (conn !== NONE || this.#by === undefined) this.#by = by
  }
  setAside(_conn: ConnIndex, why: SetAside): void {
    this.#add({ step: 'set-aside', why })
    this.#conn = NONE
  }
  service(service: ScheduledService | undefined, mark: number): void {
    const { persistence = 0 } = service?.settings ?? {}
    this.#add({
      step: 'service',
      mark,
      ...(service && { service: nameOfService(service), scheduler: service.scheduler.name }),
      ...(persistence > 0 && { persistent: persistence }),
    })
  }
  template(conn: ConnIndex): void {
    this.#add({ step: 'template', ...this.#infoOf(conn) })
  }
  choosing(service: ScheduledService, flow: Flow): void {
    const { destinations, scheduler, bound } = service
    const view = bound.view?.(flow)
    this.#add({
      step: 'scheduler',
      scheduler: scheduler.name,
      ...(view && { rule: view.rule }),
      candidates: destinations.slice(0, MOST_CANDIDATES).map(dest => candidateOf(dest, view?.of(dest))),
      more: Math.max(0, destinations.length - MOST_CANDIDATES),
    })
  }
  chosen(dest: Destination | undefined): void {
    const last = this.#explanation.steps.at(-1)
    this.#chosen = dest
    if (dest && last?.step === 'scheduler') last.chosen = nameOf(dest)
  }
  routed(to: Ipv4Addr, hop: Hop | undefined): void {
    const way = hop && { link: hop.link.name, nextHop: formatIpv4(hop.nextHop), mtu: hop.mtu }
    this.#out = hop?.link
    this.#add({ step: 'route', to: formatIpv4(to), ...way })
  }
  sent(link: Link, slab: Slab, at: number, len: number, isTaken: boolean, isToKernel: boolean): void {
    const after = fieldsOf(slab.view, at, len, this.#tunnelPort())
    const changed = changedFields(this.#explanation.fields, after)
    this.#add({ step: 'sent', link: link.name, toKernel: isToKernel, taken: isTaken, octets: len, changed })
  }
  decided(verdict: Verdict): void {
    this.#explanation.verdict = verdictNames.get(verdict)!
    const conn = this.#connectionNow()
    Object.assign(this.#explanation, this.#infoOf(conn))
    const offload = conn !== NONE && this.#by && offloadStep(this.#director, conn, this.#by, this.#in, this.#out)
    if (offload) this.#add(offload)
    this.#told(this.#explanation)
  }

  /** One that has just been opened was not looked up. */
  #connectionNow(): ConnIndex {
    const { protocol, src, srcPort, dst, dstPort, hasPorts } = this.#facts
    const { table } = this.#director.conns
    if (this.#chosen === undefined && this.#conn === NONE) return NONE
    if (!hasPorts) return this.#conn
    const inbound = table.lookupInbound(protocol, src, srcPort, dst, dstPort)
    return inbound === NONE ? this.#conn : inbound
  }
  #tunnelPort(): number {
    const dest = this.#conn === NONE ? this.#chosen : this.#director.conns.destinationOf(this.#conn)
    return dest?.tunnelType === TunnelType.GUE ? dest.tunnelPort : 0
  }
  #infoOf(conn: ConnIndex): Pick<Explanation, 'connection'> {
    return conn === NONE ? {} : { connection: connectionInfo(this.#director, conn) }
  }
  #add(step: ExplainedStep): void {
    this.#explanation.steps.push(step)
  }
}

function candidateOf(dest: Destination, view: string | undefined): CandidateInfo {
  const { weight, activeConns: active, inactConns: inactive } = dest
  const refused = weight === 0 ? 'weight-0' : dest.overloaded ? 'overloaded' : undefined
  const why = view === undefined ? {} : { view }
  return { server: nameOf(dest), weight, active, inactive, ...(refused && { refused }), ...why }
}
function nameOf({ addr, port }: Destination): string {
  return `${formatIpv4(addr)}:${port}`
}
