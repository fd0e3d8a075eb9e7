import type { VrrpInfo } from '../../../control/protocol/api.ts'

/** The director's part among its peers: its instances' state, MIXED where they differ. '': it speaks no VRRP. */
export function roleOf(vrrp: VrrpInfo | undefined): string {
  const states = new Set(vrrp?.instances.map(({ state }) => state))
  if (states.has('FAULT')) return 'FAULT'
  const [state = ''] = states
  return states.size > 1 ? 'MIXED' : state
}
