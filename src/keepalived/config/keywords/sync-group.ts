import { block, flag, lines } from '../arguments.js'
import type { ConfigDraft, SyncGroupDraft } from '../draft.js'
import type { Keyword, Table } from '../parser.js'
import { notifyKeywords } from './notify.js'
import { trackingKeywords } from './tracking.js'

interface OpenGroup {
  readonly group: SyncGroupDraft
  readonly config: ConfigDraft
}

const SYNC_GROUP_KEYWORDS: Table<OpenGroup> = {
  group: lines({
    takes: '<INSTANCE> ',
    empty: ({ group }) => `Warning - sync group ${group.name} has empty group block`,
    before({ group }, parser) {
      if (group.members.length > 0) parser.error(`Group list already specified for sync group ${group.name}`)
    },
    each: ({ words }, { group }) => void group.members.push(...words),
  }),
  ...trackingKeywords<OpenGroup>(
    ({ group }) => group,
    ({ config }) => config,
  ),
  ...notifyKeywords<OpenGroup>(
    'vrrp_group',
    ({ group }) => group,
    ({ config }) => config,
  ),
  global_tracking: {
    takes: '',
    read: (_line, { group }, parser) =>
      parser.error(`(${group.name}) global_tracking is deprecated. Use track_interface/script/file on the sync group`),
  },
  sync_group_tracking_weight: flag(({ group }) => void (group.trackingWeight = true)),
}

export const vrrpSyncGroup: Keyword<ConfigDraft> = block<ConfigDraft, OpenGroup>({
  takes: '<NAME>',
  table: SYNC_GROUP_KEYWORDS,
  open({ words: [, name, extra], place }, config, parser) {
    if (name === undefined || extra !== undefined) {
      parser.error('vrrp_sync_group must have a name - skipping', 'write vrrp_sync_group NAME { … }')
      return undefined
    }
    if (config.syncGroups.some(other => other.name === name)) {
      parser.error(`vrrp sync group ${name} already defined`)
      return undefined
    }
    const group = newGroup(name)
    config.syncGroups.push(group)
    config.heads.set(group, place)
    return { group, config }
  },
  orphan: config => ({ group: newGroup('(null)'), config }),
})

function newGroup(name: string): SyncGroupDraft {
  return { name, members: [], interfaces: [], scripts: [], files: [], processes: [], bfds: [], notify: {} }
}
