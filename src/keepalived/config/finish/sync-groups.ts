import type { ConfigDraft } from '../draft.js'
import type { Report } from '../report.js'
import type { VrrpSyncGroup } from '../tree/vrrp.js'

/** Groups of instances that exist and are in no other group; `groupOf` gets each instance's. */
export function finishSyncGroups(config: ConfigDraft, groupOf: Map<string, string>, report: Report): VrrpSyncGroup[] {
  const known = new Set(config.instances.map(({ name }) => name))
  const { global } = config
  return config.syncGroups.flatMap(draft => {
    const members: string[] = []
    const says = (text: string, help?: string): void => report.add('error', config.heads.get(draft), text, help)
    for (const member of draft.members) {
      if (!known.has(member))
        says(`Virtual router ${member} specified in sync group ${draft.name} doesn't exist - ignoring`)
      else if (groupOf.has(member))
        says(`Virtual router ${member} cannot exist in more than one sync group; ignoring ${draft.name}`)
      else {
        members.push(member)
        groupOf.set(member, draft.name)
      }
    }
    if (members.length === 0) {
      const isEmpty = draft.members.length === 0
      const why = isEmpty
        ? ' has no virtual router(s). removing'
        : ', no matching virtual router found in group declaration - removing'
      says(`Sync group ${draft.name}${why}`, 'write group { INSTANCE INSTANCE }')
      return []
    }
    if (members.length === 1)
      says(`Sync group ${draft.name} has only 1 virtual router(s) - this probably isn't what you want`)
    return [
      {
        ...draft,
        members,
        smtpAlert: draft.smtpAlert ?? global.smtpAlertVrrp ?? global.smtpAlert ?? false,
        notifyPriorityChanges: draft.notifyPriorityChanges ?? global.notifyPriorityChanges,
        trackingWeight: draft.trackingWeight ?? false,
      },
    ]
  })
}
