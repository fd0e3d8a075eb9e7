import type { ConfigDraft, InstanceDraft } from '../draft.js'
import type { Report } from '../report.js'
import type { GarpSettings } from '../tree/global.js'
import type { VrrpInstance } from '../tree/vrrp.js'
import { advertInterval } from './advert-interval.js'
import { authenticationOf, moveExcessAddresses, settleState, settleTransport, settleVmac, versionOf } from './settle.js'
import type { Says, Settled } from './settled.js'
import { applyStrict } from './strict.js'
import { checkTracking } from './tracking.js'

/** What keepalived checks after the file: drops instances that cannot run, clears what does not go together, fills in defaults. */
export function finishInstances(config: ConfigDraft, groupOf: Map<string, string>, report: Report): VrrpInstance[] {
  const found: VrrpInstance[] = []
  for (const draft of config.instances) {
    const instance = finishInstance(draft, config, groupOf.get(draft.name), report)
    const twin = instance && found.find(other => isTwin(other, instance))
    if (instance && twin) {
      const { vrid, family, interface: on } = instance
      report.add(
        'error',
        config.heads.get(draft),
        `${twin.name} and ${instance.name} both use VRID ${vrid} with IPv${family} on interface ${on}`,
        'give each a virtual_router_id of its own',
      )
    }
    if (instance) found.push(instance)
  }
  return found
}

function isTwin(one: VrrpInstance, other: VrrpInstance): boolean {
  return one.vrid === other.vrid && one.family === other.family && one.interface === other.interface
}

function finishInstance(
  draft: InstanceDraft,
  config: ConfigDraft,
  group: string | undefined,
  report: Report,
): VrrpInstance | undefined {
  const { global } = config
  const at = config.heads.get(draft)
  const says = (text: string, help?: string): void => report.add('error', at, `(${draft.name}) ${text}`, help)
  if (draft.vrid === undefined)
    says('the virtual router id must be set', 'write virtual_router_id N, 1 to 255, on a line of its own')
  if (draft.vrid !== undefined && draft.interface === undefined)
    says('Unknown interface!', 'write interface NAME on a line of its own')
  if (draft.vrid === undefined || draft.interface === undefined) return undefined
  draft.family ??= 4
  const isStrict = draft.isStrict ?? global.strict
  const version = versionOf(draft, config, isStrict, says)
  if (draft.addresses.length === 0)
    says(`No VIP specified; at least one is ${isStrict || version === 3 ? 'required' : 'sensible'}`)
  const settled: Settled = {
    draft,
    isStrict,
    version,
    priority: draft.priority ?? (draft.state === 'MASTER' ? 255 : 100),
  }
  if (isStrict) applyStrict(settled, says)
  settleState(settled, says)
  // A group decides together: its members begin as backups.
  if (group !== undefined && settled.priority !== 255) draft.state = 'BACKUP'
  settleVmac(draft, says, text => report.add('error', config.ends.get(draft), `(${draft.name}) ${text}`))
  settleTransport(draft, says)
  moveExcessAddresses(draft, says)
  checkTracking(draft, settled.priority, group, config, says)
  return {
    ...complete(settled, draft.interface, draft.vrid, config, says),
    ...(group !== undefined && { syncGroup: group }),
  }
}

/** With every default. */
function complete(settled: Settled, on: string, vrid: number, config: ConfigDraft, says: Says): VrrpInstance {
  const { draft, isStrict, version, priority } = settled
  const { global } = config
  const { authentication: _asked, family = 4, ...rest } = draft
  const authentication = authenticationOf(settled, says)
  return {
    ...rest,
    name: draft.name,
    state: draft.state ?? 'BACKUP',
    interface: on,
    vrid,
    priority,
    version,
    family,
    advertIntervalMs: advertInterval(draft.advertIntervalMs ?? 1000, version, says),
    isStrict,
    nopreempt: draft.nopreempt ?? false,
    preemptDelayMs: draft.preemptDelayMs ?? 0,
    mcastGroup: draft.mcastGroup ?? (family === 4 ? global.mcastGroup4 : global.mcastGroup6),
    isUnicast: draft.unicastPeers.length > 0,
    unicastTtl: draft.unicastTtl ?? 255,
    unicastFaultNoPeer: draft.unicastFaultNoPeer ?? false,
    checkUnicastSrc: draft.checkUnicastSrc ?? global.checkUnicastSrc,
    trackSourceAddress: draft.trackSourceAddress ?? false,
    garp: garpOf(draft, config, isStrict),
    downTimerAdverts: draft.downTimerAdverts ?? global.downTimerAdverts,
    lowerPrioNoAdvert: draft.lowerPrioNoAdvert ?? global.lowerPrioNoAdvert ?? isStrict,
    higherPrioSendAdvert: draft.higherPrioSendAdvert ?? global.higherPrioSendAdvert,
    skipCheckAdvAddr: draft.skipCheckAdvAddr ?? global.skipCheckAdvAddr,
    accept: draft.accept ?? (!isStrict || priority === 255),
    dontTrackPrimary: draft.dontTrackPrimary ?? false,
    promoteSecondaries: draft.promoteSecondaries ?? false,
    vmacXmitBase: draft.vmacXmitBase ?? false,
    useVmacAddr: draft.useVmacAddr ?? false,
    smtpAlert: draft.smtpAlert ?? global.smtpAlertVrrp ?? global.smtpAlert ?? false,
    notifyPriorityChanges: draft.notifyPriorityChanges ?? global.notifyPriorityChanges,
    debug: draft.debug ?? 0,
    ...(authentication && { authentication }),
  }
}

function garpOf(draft: InstanceDraft, { global }: ConfigDraft, isStrict: boolean): GarpSettings {
  const own = { ...global.garp, ...draft.garp }
  const minimum = global.minGarp
  const [usualDelayMs, usualRepeat] = [
    global.garp.masterDelayMs ?? (minimum ? 0 : 5000),
    global.garp.masterRepeat ?? (minimum ? 1 : 5),
  ]
  return {
    masterDelayMs: own.masterDelayMs ?? usualDelayMs,
    masterRepeat: own.masterRepeat ?? usualRepeat,
    // Not those of the instance: the global ones.
    lowerPrioDelayMs: isStrict ? 0 : (own.lowerPrioDelayMs ?? usualDelayMs),
    lowerPrioRepeat: isStrict ? 0 : (own.lowerPrioRepeat ?? usualRepeat),
    masterRefreshMs: own.masterRefreshMs ?? 0,
    masterRefreshRepeat: own.masterRefreshRepeat ?? (minimum ? 0 : 1),
    extraIfMs: own.extraIfMs ?? 0,
    extraIfAll: own.extraIfAll ?? false,
  }
}
