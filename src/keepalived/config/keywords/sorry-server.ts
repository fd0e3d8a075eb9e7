import { addressOf } from '../addresses.js'
import { flag } from '../arguments.js'
import { portOf } from '../numbers.js'
import type { Keyword, Table } from '../parser.js'
import { methodOf } from './method.js'
import type { OpenServer } from './open.js'

const sorryServer: Keyword<OpenServer> = {
  takes: '<ADDRESS> [<PORT>]',
  initial: 'none',
  read(line, { server }, parser) {
    const text = parser.needed(line)
    const [, , portText] = line.words
    const address = addressOf(text)
    const port = portText === undefined ? 0 : portOf(portText, parser)
    if (address === undefined || port === undefined) {
      parser.error(`Invalid sorry server IP address ${text} - skipping`, 'write sorry_server ADDRESS PORT')
    } else server.sorryServer = { address: address.text, family: address.family, port, isInhibited: false }
  },
}

/** The server that stands in when the quorum is lost. */
export const SORRY_KEYWORDS: Table<OpenServer> = {
  sorry_server: sorryServer,
  sorry_server_inhibit: flag(({ server }, parser) => {
    if (server.sorryServer) server.sorryServer.isInhibited = true
    else
      parser.error('Ignoring sorry_server inhibit used before or without sorry_server', 'write it below sorry_server')
  }),
  sorry_server_lvs_method: {
    takes: '<NAT|DR|TUN> [type <ipip|gue port N|gre>] [nocsum|csum|remcsum]',
    takesAll: true,
    initial: "the virtual server's",
    read(line, { server }, parser) {
      if (server.sorryServer === undefined) {
        parser.error('sorry_server forwarding used without sorry_server', 'write it below sorry_server')
        return
      }
      parser.needed(line)
      const method = methodOf(line.words.slice(1), 'sorry', parser)
      if (method) server.sorryServer.method = method
    },
  },
}
