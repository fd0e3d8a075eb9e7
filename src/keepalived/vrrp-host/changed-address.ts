import { Scope } from '../../linux/rtnetlink/address.js'
import type { ChangedAddress } from '../../linux/rtnetlink/change-address.js'
import { type Ipv4Addr, parseIpv4 } from '../../wire/addr.js'
import { isIpv4 } from '../../wire/ip-addr.js'
import type { Action } from '../vrrp/action.js'
import type { Vip } from '../vrrp/settings.js'
import type { AddressChange } from './address-record.js'

const SCOPES: Readonly<Record<string, number>> = { global: Scope.GLOBAL, link: Scope.LINK, host: Scope.HOST }

/** What an action does to the kernel's addresses; `ifindexOf` an interface that is not the kernel's, or not there, is undefined. */
export function addressChange(
  action: Action,
  ifindexOf: (name: string) => number | undefined,
): AddressChange | undefined {
  if (action.kind !== 'add-address' && action.kind !== 'remove-address') return undefined
  const { vip, kind } = action
  const ifindex = ifindexOf(vip.interface)
  if (ifindex === undefined || !isIpv4(vip.address)) return undefined
  return { isAdded: kind === 'add-address', address: changedAddress(ifindex, vip.address, vip) }
}

/** A virtual address as the kernel is asked for it. */
function changedAddress(ifindex: number, addr: Ipv4Addr, { prefix, extra = {} }: Vip): ChangedAddress {
  const [broadcast, peer] = [parseIpv4(extra.broadcast ?? ''), parseIpv4(extra.peer ?? '')]
  return {
    ifindex,
    addr,
    prefix,
    scope: SCOPES[extra.scope ?? 'global'] ?? Scope.GLOBAL,
    ...(broadcast !== undefined && { broadcast }),
    ...(peer !== undefined && { peer }),
    ...(extra.label !== undefined && { label: extra.label }),
  }
}
