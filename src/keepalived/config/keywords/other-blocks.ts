import { addressOf } from '../addresses.js'
import { block, flag, ignored, lines, number, time, word } from '../arguments.js'
import type { ConfigDraft } from '../draft.js'
import { millisecondsOf } from '../numbers.js'
import type { Keyword, Table } from '../parser.js'
import { gapBetween } from './garp.js'

interface Bfd {
  readonly name: string
  neighbour?: string
}

const NO_BFD = 'uvs has no BFD'

const milliseconds = (name: string, least: number, most: number): Keyword<Bfd> =>
  time({
    least,
    most,
    places: 3,
    bad: (text, bfd) =>
      `Configuration error: BFD instance ${bfd.name} ${name} value ${text} is not valid (must be in range [${least}-${most}]), ignoring`,
    set: () => undefined,
  })

const hops = (name: string): Keyword<Bfd> =>
  number({
    least: 1,
    most: 255,
    bad: (text, bfd) =>
      `Configuration error: BFD instance ${bfd.name} ${name} value ${text} not valid (must be in range [1-255]), ignoring`,
    set: () => undefined,
  })

const BFD_KEYWORDS: Table<Bfd> = {
  neighbor_ip: word({
    takes: '<ADDRESS>',
    set(bfd, text, parser) {
      if (addressOf(text)) bfd.neighbour = text
      else
        parser.error(
          `Configuration error: BFD instance ${bfd.name} has malformed neighbor address ${text}, ignoring instance`,
        )
    },
  }),
  source_ip: word({
    takes: '<ADDRESS>',
    set(bfd, text, parser) {
      if (!addressOf(text))
        parser.error(`Configuration error: BFD instance ${bfd.name} has malformed source address ${text}, ignoring`)
    },
  }),
  min_rx: milliseconds('min_rx', 1, 4_294_967),
  min_tx: milliseconds('min_tx', 1, 4_294_967),
  idle_tx: milliseconds('idle_tx', 1000, 4_294_967),
  multiplier: hops('multiplier'),
  passive: flag(() => undefined),
  ttl: hops('ttl/hoplimit'),
  hoplimit: hops('ttl/hoplimit'),
  max_hops: number({
    least: -1,
    most: 255,
    isSigned: true,
    bad: (text, bfd) =>
      `Configuration error: BFD instance ${bfd.name} max_hops value ${text} not valid (must be in range [-1-255]), ignoring`,
    set: () => undefined,
  }),
  weight: ignored('<-253-253> [reverse]'),
  vrrp: flag(() => undefined),
  checker: flag(() => undefined),
}

/** bfd_instance: known, not done. */
export const bfdInstance: Keyword<ConfigDraft> = block<ConfigDraft, Bfd>({
  takes: '<NAME>',
  table: BFD_KEYWORDS,
  unsupported: NO_BFD,
  open: (line, _config, parser) => ({ name: parser.needed(line) }),
  close(bfd, config, parser) {
    config.bfds.push(bfd.name)
    if (bfd.neighbour === undefined)
      parser.error(`Configuration error: BFD instance ${bfd.name} has no neighbor address set, disabling instance`)
  },
})

interface GarpGroup {
  hasDelay: boolean
}

const GARP_GROUP_KEYWORDS: Table<GarpGroup> = {
  garp_interval: gapBetween('garp_interval', group => (group.hasDelay = true)),
  gna_interval: gapBetween('gna_interval', group => (group.hasDelay = true)),
  interface: ignored('<INTERFACE>'),
  interfaces: lines({ takes: '<INTERFACE> ', each: () => undefined }),
}

export const garpGroup: Keyword<ConfigDraft> = block<ConfigDraft, GarpGroup>({
  table: GARP_GROUP_KEYWORDS,
  unsupported: 'uvs paces gratuitous ARP by itself',
  open: () => ({ hasDelay: false }),
  close(group, config, parser) {
    if (!group.hasDelay) parser.error(`garp group ${config.garpGroups} does not have any delay set - removing`)
    config.garpGroups++
  },
})

export const trackGroup: Keyword<ConfigDraft> = block<ConfigDraft, ConfigDraft>({
  takes: '<NAME>',
  table: { group: lines({ takes: '<INSTANCE> ', each: () => undefined }) },
  unsupported: 'uvs sets no static addresses or routes that could be tracked',
  open(line, config, parser) {
    config.trackGroups.add(parser.needed(line))
    return config
  },
})

/** `eth0 DOWN [UP]`, seconds. */
export const upDownDelays: Keyword<ConfigDraft> = lines<ConfigDraft>({
  takes: '<INTERFACE> <DOWN> [<UP>] ',
  unsupported: 'uvs follows its links without delay',
  each({ words: [name = '', ...delays] }, _config, parser) {
    if (!parser.surroundings.hasInterface(name)) {
      parser.error(`unknown interface ${name} specified for up/down delay`)
      return
    }
    for (const delay of delays.slice(0, 2)) millisecondsOf(delay, { least: 0, most: 255 }, parser)
  },
})

export const linkbeatInterfaces: Keyword<ConfigDraft> = lines<ConfigDraft>({
  takes: '<INTERFACE> [MII|ETHTOOL|IOCTL] ',
  unsupported: 'uvs follows links by netlink',
  each: () => undefined,
})
