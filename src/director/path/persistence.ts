/*
 * Keeps a client network with its real server (ipvs-behaviour.md §4.6). The key of a template, by the packet's port:
 *   the service's own port, not 21      protocol, VIP, port     → its connections go to the destination's port
 *   the service's own port, 21          protocol, VIP, port 0   (control and data connections together)
 *   another port, of a mark's service   protocol 0, the mark    → each keeps its own port
 *   another port, of a port-0 service   protocol, VIP, port 0
 */
import type { Connections } from '../../conn/connections.js'
import { HZ } from '../../conn/jiffies.js'
import { NONE, type ConnIndex } from '../../conn/record.js'
import { emptyFlow, type Flow } from '../../packet/flow.js'
import { FTP_PORT } from '../../service/ftp.js'
import type { Destination } from '../../service/destination.js'
import type { Service } from '../../service/service.js'
import type { Sysctls } from '../../service/sysctls.js'
import type { Ipv4Addr } from '../../wire/addr.js'

export class Persistence {
  readonly #conns: Connections
  readonly #sysctls: Sysctls
  /** The key of the template to open. */
  readonly #network = emptyFlow()

  constructor(conns: Connections, sysctls: Sysctls) {
    this.#conns = conns
    this.#sysctls = sysctls
  }

  /** The client's template, or NONE. A template that may no longer be used is invalidated. */
  find(service: Service, flow: Flow): ConnIndex {
    const conns = this.#conns
    const network = (flow.caddr & service.settings.netmask) as Ipv4Addr
    const template = isByMark(service, flow)
      ? conns.table.lookupTemplate(0, network, (service.mark | 0) as Ipv4Addr, 0)
      : conns.table.lookupTemplate(flow.protocol, network, flow.vaddr, templatePort(service, flow))
    if (template === NONE) return NONE
    const dest = conns.destinationOf(template)
    if (dest.available && !(this.#sysctls.expireQuiescentTemplate !== 0 && dest.weight === 0)) return template
    conns.templates.invalidate(template)
    return NONE
  }

  /** Opens a template for the client and this real server. Returns NONE when the table is full. */
  create(service: Service, flow: Flow, dest: Destination): ConnIndex {
    const network = this.#network
    const isMark = isByMark(service, flow)
    network.protocol = isMark ? 0 : flow.protocol
    network.caddr = (flow.caddr & service.settings.netmask) as Ipv4Addr
    network.vaddr = isMark ? ((service.mark | 0) as Ipv4Addr) : flow.vaddr
    network.vport = isMark ? 0 : templatePort(service, flow)
    const dport = isOwnPort(service, flow) ? dest.port : 0
    return this.#conns.openTemplate(network, dest, dport, service.settings.persistence * HZ)
  }

  /**
   * Of a connection that another director had opened: its client keeps its real server, by a template anew. Not if the client has been sent to
   * another one meanwhile, or the table is full.
   */
  renew(service: Service, flow: Flow, dest: Destination, conn: ConnIndex): void {
    if (service.settings.persistence === 0) return
    let template = this.find(service, flow)
    if (template === NONE) template = this.create(service, flow, dest)
    if (template !== NONE && this.#conns.destinationOf(template) === dest) this.#conns.adopt(template, conn)
  }
}

function isByMark(service: Service, flow: Flow): boolean {
  return service.mark !== 0 && flow.vport !== service.port
}
function isOwnPort(service: Service, flow: Flow): boolean {
  return flow.vport === service.port && service.port !== FTP_PORT
}
function templatePort(service: Service, flow: Flow): number {
  return isOwnPort(service, flow) ? flow.vport : 0
}
