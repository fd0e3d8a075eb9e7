import type { Says, Settled } from './settled.js'

/** What vrrp_strict resets, each told. */
export function applyStrict(settled: Settled, says: Says): void {
  const { draft, version, priority } = settled
  const isOwner = priority === 255
  if (draft.authentication?.type !== undefined) says('Strict mode does not support authentication. Ignoring.')
  if ((draft.state === 'MASTER') !== isOwner) {
    says(
      'State MASTER must match being address owner',
      'with vrrp_strict, MASTER goes with priority 255 and with no other',
    )
    draft.state = isOwner ? 'MASTER' : 'BACKUP'
  }
  if (draft.preemptDelayMs) {
    says('preempt_delay is incompatible with strict mode - resetting')
    draft.preemptDelayMs = 0
  }
  if (draft.accept === true && version === 2) {
    says('warning - accept mode for VRRP version 2 does not comply with RFC3768 - resetting')
    draft.accept = false
  }
  if (draft.garp.lowerPrioRepeat) {
    says('Strict mode requires no repeat garps. resetting')
    delete draft.garp.lowerPrioRepeat
  }
  if (draft.lowerPrioNoAdvert === false) {
    says('Strict mode requires no lower priority advert. resetting')
    draft.lowerPrioNoAdvert = true
  }
  if (draft.higherPrioSendAdvert) {
    says('strict mode requires higher_prio_send_advert to be clear. resetting')
    draft.higherPrioSendAdvert = false
  }
  if (draft.vmacXmitBase) {
    says('xmit_base is incompatible with strict mode - resetting')
    draft.vmacXmitBase = false
  }
}
