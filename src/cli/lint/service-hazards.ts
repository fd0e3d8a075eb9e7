import { FTP_PORT } from '../../service/ftp.js'
import type { Protocol } from '../../control/protocol/api.js'
import { type Hazard, keyText, ofService } from './hazard.js'

export const serviceHazards: readonly Hazard[] = [
  {
    name: 'port-0-beside-others',
    *find({ services, hasLines }) {
      for (const { key, line } of services) {
        if ('mark' in key || key.port !== 0) continue
        const other = services.find(
          each => !('mark' in each.key) && each.key.port !== 0 && isSame(each.key, key.protocol, key.address),
        )
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

function isSame(key: { protocol: Protocol; address: string }, protocol: Protocol, address: string): boolean {
  return key.protocol === protocol && key.address === address
}
