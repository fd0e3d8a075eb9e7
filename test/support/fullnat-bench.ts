import type { Protocol, ServiceKey, ServiceSettingsInfo } from '../../src/control/protocol/api.js'
import type { DirectorOptions } from '../../src/director/options.js'
import { BenchDirector, endpoint } from './bench-director.js'
import { packetOf } from './frames.js'
import { addrText, readU16 } from './octets.js'
import { destinationSettings, serviceSettings } from './settings.js'

export const LIP = '10.99.2.201'
export const CLIENT = '10.99.1.10:40000'
export const SERVER = '10.99.2.11:8080'

export interface FullnatOptions extends Partial<ServiceSettingsInfo> {
  lips?: readonly string[]
  servers?: readonly string[]
}

/** A director with FULLNAT services. */
export class FullnatBench extends BenchDirector {
  constructor(options: Partial<DirectorOptions> = {}) {
    super(options)
  }

  /** A service over `servers` (SERVER) from `lips` (LIP). */
  serveFullnat(protocol: Protocol, at: string, options: FullnatOptions = {}): ServiceKey {
    const { lips = [LIP], servers = [SERVER], scheduler = 'rr', ...more } = options
    const service = { protocol, ...endpoint(at) }
    this.must({ op: 'add-service', service, settings: serviceSettings(scheduler, more) })
    const settings = destinationSettings(1, { method: 'fullnat' })
    for (const server of servers) this.must({ op: 'add-destination', service, destination: endpoint(server), settings })
    for (const address of lips) this.must({ op: 'add-local-address', service, address })
    this.poll()
    this.take()
    this.changes()
    return service
  }
  /** Hands a client's frame over; answers 'address:port' that the packet for the real server comes from, or the verdict. */
  localOf(frame: Uint8Array): string {
    const verdict = this.receive('c', frame)
    const sent = this.take().find(({ link }) => link === 'r')
    return sent ? sourceOf(sent.frame) : verdict
  }
}

export function sourceOf(frame: Uint8Array): string {
  const packet = packetOf(frame)
  return `${addrText(packet.slice(12, 16))}:${readU16(packet, (packet[0]! & 15) * 4)}`
}
