import { FTP_PORT } from '../../service/ftp.js'
import type { ServiceKey } from '../../control/protocol/api.js'
import { type Hazard, keyText, type LintedService, ofService } from './hazard.js'

export const serviceHazards: readonly Hazard[] = [
  {
    name: 'port-0-beside-others',
    *find({ services, hasLines }) {
      const others = new Map<string, Pick<LintedService, 'key' | 'line'>>()
      for (const service of services) {
        const at = placeOf(service.key)
        if (at !== undefined && portOf(service.key) !== 0 && !others.has(at)) others.set(at, service)
      }
      for (const { key, line } of services) {
        if ('mark' in key || key.port !== 0) continue
        const other = others.get(placeOf(key)!)
        if (other)
          yield {
            line,
            message: `port 0 serves every port of ${key.address} but those of its other services, ${keyText(other.key)}${hasLines ? ` (line ${other.line})` : ''} among them: a client may get another real server there`,
          }
      }
    },
  },
  ofService('ftp-without-helper', function* ({ line, key, settings }) {
    if ('mark' in key || key.protocol !== 'tcp' || key.port !== FTP_PORT) return
    yield {
      line,
      message: `uvs has no FTP helper: data connections are not followed, and addresses in PASV replies not translated${
        settings.persistence > 0 ? '' : '; with -p, and -g or -i, passive data reaches the same real server'
      }`,
    }
  }),
  {
    name: 'mark-unknown',
    severity: 'info',
    *find({ services, marks }) {
      for (const { key, line } of services)
        if ('mark' in key && !marks.has(key.mark))
          yield {
            line,
            message: `no packet is known to get mark ${key.mark}: give the director --mark 'PROTO CIDR:PORTS=${key.mark}', and lint the same to have it known`,
          }
    },
  },
  ofService('one-packet-untranslated', function* ({ settings, servers }) {
    if (!settings.onePacket) return
    for (const { line, address, settings: server } of servers)
      if (server.method === 'masq')
        yield {
          line,
          message: `with -o no connection is kept, so answers of ${address} leave with its own address (-m cannot translate them); use -g or -i, or leave -o out`,
        }
      else if (server.method === 'fullnat')
        yield {
          line,
          severity: 'info',
          message: `-o does not apply to FULLNAT servers: connections to ${address} are kept`,
        }
  }),
  {
    name: 'real-server-is-vip',
    *find({ services }) {
      const vips = new Set(services.flatMap(({ key }) => ('mark' in key ? [] : [key.address])))
      for (const { line, address } of services.flatMap(({ servers }) => servers))
        if (vips.has(address))
          yield {
            line,
            message: `the real server ${address} is a virtual address, that is the director itself: nothing listens there, clients are reset`,
          }
    },
  },
]

/** Of one port or of every port alike; undefined for a mark. */
function placeOf(key: ServiceKey): string | undefined {
  return 'mark' in key ? undefined : `${key.protocol} ${key.address}`
}
function portOf(key: ServiceKey): number | undefined {
  return 'mark' in key ? undefined : key.port
}
