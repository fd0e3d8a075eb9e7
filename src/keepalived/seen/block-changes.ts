import type { BlockChange } from '../../control/protocol/api.js'
import type { KeepalivedConfig } from '../config/tree/config.js'
import { chosen, differences } from './settings-words.js'

/** What of a block that comes or goes is shown. */
const TELLING = ['group', 'script', 'interval', 'file', 'process', 'quorum', 'weight']

/** The differences between what the instances of two configurations share: sync groups, scripts, files, processes, found again by name. */
export function blockChanges(before: KeepalivedConfig, after: KeepalivedConfig): BlockChange[] {
  return [
    ...changes('vrrp_sync_group', before.syncGroups, after.syncGroups),
    ...changes('vrrp_script', before.scripts, after.scripts),
    ...changes('track_file', before.trackFiles, after.trackFiles),
    ...changes('vrrp_track_process', before.trackProcesses, after.trackProcesses),
  ]
}

interface Named {
  readonly name: string
}

function changes(block: BlockChange['block'], before: readonly Named[], after: readonly Named[]): BlockChange[] {
  const old = new Map(before.map(each => [each.name, each]))
  const kept = new Set(after.map(({ name }) => name))
  const gone = before.filter(({ name }) => !kept.has(name))
  return [
    ...gone.map(each => ({
      block,
      name: each.name,
      change: 'removed' as const,
      settings: chosen(each, TELLING, 'was'),
    })),
    ...after.flatMap((each): BlockChange[] => {
      const { name } = each
      const was = old.get(name)
      if (!was) return [{ block, name, change: 'added', settings: chosen(each, TELLING, 'is') }]
      const settings = differences(was, each)
      return settings.length === 0 ? [] : [{ block, name, change: 'changed', settings }]
    }),
  ]
}
