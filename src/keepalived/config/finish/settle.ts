import { isLinkLocal6 } from '../addresses.js'
import type { ConfigDraft, InstanceDraft } from '../draft.js'
import type { Authentication } from '../tree/vrrp.js'
import type { Says, Settled } from './settled.js'

/* What does not go together in an instance: told, and cleared. */

/** Those of an advert: a count of eight bits. */
const MOST_ADDRESSES = 255

export function versionOf(draft: InstanceDraft, { global }: ConfigDraft, isStrict: boolean, says: Says): 2 | 3 {
  const version = draft.version ?? global.version
  if (draft.family !== 6) return version ?? 2
  if (version === 2 && isStrict) says('cannot use IPv6 with VRRP version 2; setting version 3')
  if (isStrict && draft.addresses[0] && !isLinkLocal6(draft.addresses[0].address))
    says('the first IPv6 VIP address must be link local')
  return 3
}

export function settleState(settled: Settled, says: Says): void {
  const { draft, priority } = settled
  if (draft.state === 'MASTER' && draft.authentication?.type === 'AH' && settled.version === 2 && !settled.isStrict) {
    says('Initial state master is incompatible with AH authentication - clearing')
    draft.state = 'BACKUP'
  }
  if (draft.nopreempt && priority === 255) {
    says('nopreempt is incompatible with priority 255. resetting nopreempt')
    draft.nopreempt = false
  }
  if (draft.nopreempt && draft.state === 'MASTER') {
    says('Warning - nopreempt will not work with initial state MASTER - clearing', 'write state BACKUP')
    draft.nopreempt = false
  }
  if (!draft.preemptDelayMs) return
  if (draft.state === 'MASTER')
    says('Warning - preempt delay will not work with initial state MASTER - clearing', 'write state BACKUP')
  else if (draft.nopreempt) says('preempt_delay is incompatible with nopreempt mode - resetting')
  if (draft.state === 'MASTER' || draft.nopreempt) draft.preemptDelayMs = 0
}

/** `saysAtEnd`: with the line that closes the instance. */
export function settleVmac(draft: InstanceDraft, says: Says, saysAtEnd: (text: string) => void): void {
  if (draft.vmacXmitBase && !draft.useVmac && !draft.useIpvlan) {
    saysAtEnd('vmac_xmit_base is only valid with a vmac')
    draft.vmacXmitBase = false
  }
  for (const { address, useVmac } of [...draft.addresses, ...draft.excludedAddresses])
    if (useVmac && draft.useVmac) says(`use_vmac specified for VIP/eVIP ${address.text} and vrrp instance`)
  if (draft.useVmac && draft.usesUnicast && !draft.vmacXmitBase) {
    saysAtEnd('unicast with use_vmac requires vmac_xmit_base - setting')
    draft.vmacXmitBase = true
  }
}

export function settleTransport(draft: InstanceDraft, says: Says): void {
  if (
    draft.useIpvlan &&
    draft.family === 4 &&
    draft.useIpvlan.address === undefined &&
    draft.sourceAddress === undefined
  )
    says('IPv4 ipvlan requires a source ip address to be configured. setting instance to fault state')
  if (draft.usesUnicast && draft.unicastPeers.length === 0 && !draft.unicastFaultNoPeer)
    says(
      'A unicast keyword has been specified without any unicast peers. Defaulting to multicast. This usage is deprecated - please update your configuration.',
      'write unicast_peer { ADDRESS }',
    )
}

export function moveExcessAddresses(draft: InstanceDraft, says: Says): void {
  const count = draft.addresses.length
  if (count <= MOST_ADDRESSES) return
  says(
    `Number of VIPs (${count}) exceeds maximum/space available in packet (max ${MOST_ADDRESSES} addresses) - excess moved to eVIPs`,
  )
  draft.excludedAddresses.unshift(...draft.addresses.splice(MOST_ADDRESSES))
}

export function authenticationOf(
  { draft: { authentication: given }, version, isStrict }: Settled,
  says: Says,
): Authentication | undefined {
  if (given === undefined || isStrict) return undefined
  const { type, password } = given
  if (type === undefined) return undefined
  if (version === 3)
    says('VRRP version 3 does not support authentication. Ignoring.', 'leave the block out, or write version 2')
  else if (!password)
    says('Authentication specified but no password given. Ignoring', 'write auth_pass on a line of its own')
  return version === 3 || !password ? undefined : { type, password }
}
