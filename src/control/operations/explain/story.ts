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
import type { CandidateInfo, ExplainedStep, Explanation, FieldInfo } from '../../protocol/explain.js'
import { connectionInfo } from '../connections.js'
import { changedFields } from './changed-fields.js'
import { fieldsOf } from './frame-fields.js'
import { offloadStep } from './offload-step.js'
import { packetLine } from './packet-line.js'

/** The most octets and real servers that an explanation holds. */
const MOST_OCTETS = 2048
const MOST_CANDIDATES = 64

/** A step, or how it is told later. */
type Noted = ExplainedStep | (() => ExplainedStep)

/**
 * Notes what a director decides of one frame, and can tell it later. It copies what it needs: the frame may be rewritten, the tables change.
 * Other frames wait while it notes. To decode headers takes ten times as long: that is done when it is told.
 */
export class Story implements Witness {
  readonly #director: Director
  readonly #noted: (tell: () => Explanation) => void
  readonly #at: number
  readonly #in: Link
  readonly #octets: DataView
  readonly #len: number
  readonly #steps: Noted[] = []
  #out: Link | undefined
  /** The connection that the packet was found to be of, and whose tunnel it may take. */
  #conn: ConnIndex = NONE
  /** By which of its tables. A new connection's packet was looked up first too. */
  #by: LookUp | undefined
  #chosen: Destination | undefined

  /** `noted` gets how to tell the explanation, when all is decided. `at`: Unix time, in ms. */
  constructor(
    director: Director,
    at: number,
    link: Link,
    slab: Slab,
    frameAt: number,
    len: number,
    noted: (tell: () => Explanation) => void,
  ) {
    this.#director = director
    this.#noted = noted
    this.#at = at
    this.#in = link
    this.#octets = copyOf(slab, frameAt, len)
    this.#len = len
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
    const last = this.#steps.at(-1)
    this.#chosen = dest
    if (dest && typeof last === 'object' && last.step === 'scheduler') last.chosen = nameOf(dest)
  }
  routed(to: Ipv4Addr, hop: Hop | undefined): void {
    const way = hop && { link: hop.link.name, nextHop: formatIpv4(hop.nextHop), mtu: hop.mtu }
    this.#out = hop?.link
    this.#add({ step: 'route', to: formatIpv4(to), ...way })
  }
  sent(link: Link, slab: Slab, at: number, len: number, isTaken: boolean, isToKernel: boolean): void {
    const octets = copyOf(slab, at, len)
    const tunnelPort = this.#tunnelPort()
    this.#add(() => {
      const changed = changedFields(this.#fields(), fieldsOf(octets, 0, octets.byteLength, tunnelPort))
      return { step: 'sent', link: link.name, toKernel: isToKernel, taken: isTaken, octets: len, changed }
    })
  }
  decided(verdict: Verdict): void {
    const conn = this.#connectionNow()
    const info = this.#infoOf(conn)
    const offload = conn !== NONE && this.#by && offloadStep(this.#director, conn, this.#by, this.#in, this.#out)
    if (offload) this.#add(offload)
    this.#noted(() => this.#tell(verdict, info))
  }

  #tell(verdict: Verdict, info: Pick<Explanation, 'connection'>): Explanation {
    const fields = this.#fields()
    return {
      at: this.#at,
      link: this.#in.name,
      packet: packetLine(fields, this.#len),
      fields,
      octets: Buffer.from(this.#octets.buffer).toString('hex'),
      length: this.#len,
      steps: this.#steps.map(each => (typeof each === 'function' ? each() : each)),
      verdict: verdictNames.get(verdict)!,
      ...info,
    }
  }
  #fields(): FieldInfo[] {
    return fieldsOf(this.#octets, 0, this.#octets.byteLength)
  }
  /** One that has just been opened was not looked up. */
  #connectionNow(): ConnIndex {
    const { table } = this.#director.conns
    if (this.#chosen === undefined && this.#conn === NONE) return NONE
    const { protocol, src, srcPort, dst, dstPort, hasPorts } = facts.read(this.#octets, 0, this.#octets.byteLength)
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
  #add(step: Noted): void {
    this.#steps.push(step)
  }
}

/** Of the frame in hand. */
const facts = new FrameFacts()

/** All headers of a frame, and what they carry up to a length. */
function copyOf({ bytes }: Slab, at: number, len: number): DataView {
  return new DataView(bytes.slice(at, at + Math.min(len, MOST_OCTETS)).buffer)
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
