/*
 * Which real server a client network stays with (ipvs-behaviour.md §4.6). What a template is known by:
 *   the service's own port, not 21      protocol, VIP, port     → its connections go to the destination's port
 *   the service's own port, 21          protocol, VIP, port 0   (control and data connections together)
 *   another port, of a mark's service   protocol 0, the mark    → each keeps its own port
 *   another port, of a port-0 service   protocol, VIP, port 0
 */
import type { Connections } from '../../conn/lifecycle.js'
import { HZ, NONE, type ConnIndex } from '../../conn/record.js'
import type { Flow } from '../../sched/scheduler.js'
import { FTP_PORT } from '../../service/ftp.js'
import type { Destination } from '../../service/destination.js'
import type { Service } from '../../service/service.js'
import type { Sysctls } from '../../service/sysctls.js'

export class Persistence {
  readonly #conns: Connections
  readonly #sysctls: Sysctls

  constructor(conns: Connections, sysctls: Sysctls) {
    this.#conns = conns
    this.#sysctls = sysctls
  }

  /** The client's template, if it may be used; one that may not is never found again. NONE otherwise. */
  find(service: Service, flow: Flow): ConnIndex {
    const conns = this.#conns
    const network = flow.caddr & service.settings.netmask
    const template = isByMark(service, flow)
      ? conns.table.lookupTemplate(0, network, service.mark | 0, 0)
      : conns.table.lookupTemplate(flow.protocol, network, flow.vaddr, templatePort(service, flow))
    if (template === NONE) return NONE
    const dest = conns.destinationOf(template)
    if (dest.available && !(this.#sysctls.expireQuiescentTemplate !== 0 && dest.weight === 0)) return template
    conns.invalidate(template)
    return NONE
  }

  /** A template for the client and this server; NONE when the table is full. */
  create(service: Service, flow: Flow, dest: Destination): ConnIndex {
    const network = flow.caddr & service.settings.netmask
    const timeout = service.settings.persistence * HZ
    if (isByMark(service, flow)) return this.#conns.openTemplate(0, network, service.mark | 0, 0, dest, 0, timeout)
    const port = templatePort(service, flow)
    const dport = isOwnPort(service, flow) ? dest.port : 0
    return this.#conns.openTemplate(flow.protocol, network, flow.vaddr, port, dest, dport, timeout)
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
