import { type Address, addressOf } from '../addresses.js'
import { block, flag, lines, number, time, word } from '../arguments.js'
import type { ConfigDraft } from '../draft.js'
import { millisecondsOf, signedOf } from '../numbers.js'
import type { Keyword, Table } from '../parser.js'
import type { GarpGroup } from '../tree/links.js'
import type { Draft } from '../tree/vrrp.js'
import { gapBetween } from './garp.js'
import { isThere } from './named-interface.js'

interface Bfd {
  readonly name: string
  neighbour?: Address
  source?: Address
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
      const address = addressOf(text)
      if (address) bfd.neighbour = address
      else
        parser.error(
          `Configuration error: BFD instance ${bfd.name} has malformed neighbor address ${text}, ignoring instance`,
        )
    },
  }),
  source_ip: word({
    takes: '<ADDRESS>',
    set(bfd, text, parser) {
      const address = addressOf(text)
      if (address) bfd.source = address
      else parser.error(`Configuration error: BFD instance ${bfd.name} has malformed source address ${text}, ignoring`)
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
  weight: {
    takes: '<-253-253> [reverse]',
    read(line, bfd, parser) {
      const text = parser.needed(line)
      const says = `Configuration error: BFD instance ${bfd.name}`
      if (signedOf(text, { least: -253, most: 253 }, parser) === undefined)
        parser.error(`${says} weight value ${text} not valid (must be in range [-253-253]), ignoring`)
      if (line.words[2] !== undefined && line.words[2] !== 'reverse')
        parser.error(`${says} unknown weight option ${line.words[2]}`, 'allowed: reverse')
    },
  },
  vrrp: flag(() => undefined),
  checker: flag(() => undefined),
}

/** bfd_instance: known, not done. */
export const bfdInstance: Keyword<ConfigDraft> = block<ConfigDraft, Bfd>({
  takes: '<NAME>',
  table: BFD_KEYWORDS,
  unsupported: NO_BFD,
  open(line, { bfds }, parser) {
    const name = parser.needed(line)
    if (!bfds.includes(name)) return { name }
    parser.error(`BFD ${name} already specified`)
    parser.error(`Configuration error: BFD instance ${name} already configured - ignoring`)
    return undefined
  },
  close(bfd, config, parser) {
    const { neighbour, source } = bfd
    if (neighbour && config.bfdNeighbours.includes(neighbour.text)) {
      const said = `has duplicate neighbor address ${neighbour.text}, ignoring instance`
      parser.error(`Configuration error: BFD instance ${bfd.name} ${said}`)
      return
    }
    config.bfds.push(bfd.name)
    if (neighbour) config.bfdNeighbours.push(neighbour.text)
    const says = `Configuration error: BFD instance ${bfd.name}`
    if (neighbour === undefined) parser.error(`${says} has no neighbor address set, disabling instance`)
    else if (source && source.family !== neighbour.family)
      // keepalived shows the source in both places.
      parser.error(
        `${says} source address ${source.text} and neighbor address ${source.text} are not of the same family, disabling instance`,
        `the neighbour is ${neighbour.text}`,
      )
  },
})

interface OpenGroup {
  readonly config: ConfigDraft
  readonly group: Draft<GarpGroup, 'interfaces'>
}

const GARP_GROUP_KEYWORDS: Table<OpenGroup> = {
  garp_interval: groupGap('garp_interval', 'garpIntervalMs'),
  gna_interval: groupGap('gna_interval', 'gnaIntervalMs'),
  interface: word({
    takes: '<INTERFACE>',
    set({ config, group }, name, parser) {
      if (config.garpGroups.some(({ interfaces }) => interfaces.includes(name))) {
        parser.error(`garp_group already specified for ${name} - ignoring`)
        return
      }
      group.interfaces.push(name)
      isThere(name, config, parser, `WARNING - interface ${name} specified for garp_group doesn't exist`)
    },
  }),
  interfaces: lines({
    takes: '<INTERFACE> ',
    empty: () => 'Warning - empty garp_group interfaces block',
    each: ({ words: [name = ''] }, { group }) => void group.interfaces.push(name),
  }),
}

function groupGap(name: string, key: 'garpIntervalMs' | 'gnaIntervalMs'): Keyword<OpenGroup> {
  const bad = (word: string): string => `garp_group ${name} '${word}' invalid`
  return gapBetween(name, ({ group }, ms) => (group[key] = ms), { least: 0, most: 2147.483647, bad })
}

export const garpGroup: Keyword<ConfigDraft> = block<ConfigDraft, OpenGroup>({
  table: GARP_GROUP_KEYWORDS,
  open: (_line, config) => ({ config, group: { interfaces: [] } }),
  close({ group }, config, parser) {
    if (group.garpIntervalMs === undefined && group.gnaIntervalMs === undefined)
      parser.error(`garp group ${config.garpGroupCount} does not have any delay set - removing`)
    else config.garpGroups.push(group)
    config.garpGroupCount++
  },
})

interface TrackGroup {
  readonly name: string
}

export const trackGroup: Keyword<ConfigDraft> = block<ConfigDraft, TrackGroup>({
  takes: '<NAME>',
  table: {
    group: lines({
      takes: '<INSTANCE> ',
      empty: ({ name }) => `Warning - track group ${name} has empty group block`,
      each: () => undefined,
    }),
  },
  unsupported: 'uvs sets no static addresses or routes that could be tracked',
  open({ words: [, name, extra] }, config, parser) {
    if (name === undefined || extra !== undefined) {
      parser.error('track_group must have a name - skipping', 'write track_group NAME {, one word as name')
      return undefined
    }
    config.trackGroups.add(name)
    return { name }
  },
  orphan: () => ({ name: '(null)' }),
})

/** `eth0 DOWN [UP]`, seconds. */
export const upDownDelays: Keyword<ConfigDraft> = lines<ConfigDraft>({
  takes: '<INTERFACE> <DOWN> [<UP>] ',
  each({ words: [name = '', ...delays] }, config, parser) {
    if (!parser.surroundings.hasInterface(name)) {
      parser.error(`unknown interface ${name} specified for up/down delay`)
      return
    }
    const [downMs = 0, upMs = downMs] = delays
      .slice(0, 2)
      .map(delay => millisecondsOf(delay, { least: 0, most: 255 }, parser))
    config.linkDelays.push({ interface: name, downMs, upMs })
  },
})

export const linkbeatInterfaces: Keyword<ConfigDraft> = lines<ConfigDraft>({
  takes: '<INTERFACE> [MII|ETHTOOL|IOCTL] ',
  unsupported: 'uvs follows links by netlink',
  each({ words: [name = '', kind, extra] }, _config, parser) {
    if (!parser.surroundings.hasInterface(name))
      parser.error(`unknown interface ${name} specified for linkbeat interface`)
    // Of several 2.2.7 names the first.
    else if (kind !== undefined && (extra !== undefined || !/^(MII|ETHTOOL|IOCTL)$/.test(kind)))
      parser.error(`extra characters ${kind} in linkbeat interface`)
  },
})
