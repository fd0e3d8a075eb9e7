import { block, flag, ignored, lines, number, word } from '../arguments.js'
import type { ConfigDraft } from '../draft.js'
import type { Keyword, Table } from '../parser.js'
import { GLOBAL_KEYWORDS } from './global.js'
import { SSL_KEYWORDS } from './http-check.js'
import { vrrpInstance } from './instance.js'
import { bfdInstance, garpGroup, linkbeatInterfaces, trackGroup, upDownDelays } from './other-blocks.js'
import { ROUTES_NOT_DONE, routeOf } from './routes.js'
import { ruleOf } from './rules.js'
import { virtualServerGroup } from './server-group.js'
import { vrrpSyncGroup } from './sync-group.js'
import { trackFile, trackProcess } from './track-blocks.js'
import { virtualAddressOf } from './virtual-address.js'
import { virtualServer } from './virtual-server.js'
import { vrrpScript } from './vrrp-script.js'

const NAMESPACE = 'start uvs in the namespace: ip netns exec NAME uvs director …'
const STATIC_ADDRESSES = 'uvs sets no static addresses: write them for the system'

/** Which of keepalived's processes looks into a block; the others leave it out, whatever is in it. */
export type Reader = 'parent' | 'checker' | 'vrrp' | 'bfd'

/** The parent's alone: the others get what it found. */
const PARENTS: Table<ConfigDraft> = {
  global_defs: block<ConfigDraft, ConfigDraft>({ table: GLOBAL_KEYWORDS, open: (_line, config) => config }),
  net_namespace: word({
    takes: '<NAME>',
    none: 'net_namespace name missing - ignoring',
    unsupported: NAMESPACE,
    set(config, name, parser) {
      if (config.namespace !== undefined) {
        parser.error(`Duplicate net_namespace definition ${name} - ignoring`)
        return
      }
      config.namespace = name
      config.namespaceAt = parser.place!
    },
  }),
  net_namespace_ipvs: ignored('<NAME>', NAMESPACE),
  namespace_with_ipsets: flag(() => undefined, 'uvs sets no firewall rules'),
  use_pid_dir: flag(() => undefined),
  linkbeat_use_polling: flag(() => undefined, 'uvs follows links by netlink'),
  instance: word({
    takes: '<NAME>',
    none: 'instance name missing - ignoring',
    set({ global }, name, parser) {
      if (global.instanceName === undefined) global.instanceName = name
      else parser.error(`Duplicate instance definition ${name} - ignoring`)
    },
  }),
  child_wait_time: number({
    least: 0,
    most: 4_294_967_295,
    initial: '5 s',
    bad: text => `Invalid child_wait_time ${text}`,
    set: () => undefined,
  }),
}

const STATIC: Table<ConfigDraft> = {
  static_ipaddress: lines({
    takes: '<ADDRESS> [dev <INTERFACE>] … ',
    unsupported: STATIC_ADDRESSES,
    each({ words }, config, parser) {
      const found = virtualAddressOf(words, { config, mayTrackGroup: true, mayVmac: false }, parser)
      if (found) config.staticAddresses.push(found)
    },
  }),
  static_routes: lines({
    takes: '<ROUTE> ',
    unsupported: ROUTES_NOT_DONE,
    each(line, config, parser) {
      const found = routeOf(line, config, parser, true)
      if (found) config.staticRoutes.push(found)
    },
  }),
  static_rules: lines({
    takes: '<RULE> ',
    unsupported: ROUTES_NOT_DONE,
    each(line, config, parser) {
      const found = ruleOf(line, config, parser, true)
      if (found) config.staticRules.push(found)
    },
  }),
}

const OWN: Record<Exclude<Reader, 'parent'>, Table<ConfigDraft>> = {
  vrrp: {
    ...STATIC,
    track_group: trackGroup,
    track_file: trackFile,
    vrrp_track_file: trackFile,
    vrrp_track_process: trackProcess,
    vrrp_script: vrrpScript,
    vrrp_sync_group: vrrpSyncGroup,
    vrrp_instance: vrrpInstance,
    garp_group: garpGroup,
    linkbeat_interfaces: linkbeatInterfaces,
    interface_up_down_delays: upDownDelays,
    bfd_instance: quietly(bfdInstance),
  },
  checker: {
    track_file: trackFile,
    vrrp_track_file: trackFile,
    bfd_instance: quietly(bfdInstance),
    virtual_server_group: virtualServerGroup,
    virtual_server: virtualServer,
    SSL: block<ConfigDraft, object>({ table: SSL_KEYWORDS, open: () => ({}) }),
  },
  bfd: { bfd_instance: bfdInstance },
}

const BLOCKS: Table<ConfigDraft> = { ...OWN.bfd, ...OWN.checker, ...OWN.vrrp, bfd_instance: bfdInstance }

/** The top level as one process reads it. */
export function topLevel(reader: Reader): Table<ConfigDraft> {
  const others = Object.entries(BLOCKS).map(([name, { takes }]) => [name, leftOut(takes)])
  const blocks: Table<ConfigDraft> = Object.fromEntries(others)
  if (reader === 'parent') return { ...PARENTS, ...blocks }
  const parents = Object.entries(PARENTS).map(([name, { takes, block: inner }]) => [
    name,
    inner ? leftOut(takes) : ignored(takes),
  ])
  return { ...Object.fromEntries(parents), ...blocks, ...OWN[reader] }
}

/** Every keyword there is, for whoever shows them. */
export const TOP_LEVEL: Table<ConfigDraft> = { ...PARENTS, ...BLOCKS }

function leftOut(takes: string): Keyword<ConfigDraft> {
  return { takes, takesAll: true, read: (_line, _config, parser) => parser.skipBlock() }
}

/** The name is taken down; what is wrong with the block the BFD process says. */
function quietly({ takes }: Keyword<ConfigDraft>): Keyword<ConfigDraft> {
  return {
    takes,
    takesAll: true,
    read({ words: [, name] }, config, parser) {
      if (name !== undefined) config.bfds.push(name)
      parser.skipBlock()
    },
  }
}
