import type { MethodName, TunnelInfo } from '../../src/control/protocol/api.js'

/** How packets reach real servers; `outbound`: whether replies come through the director. */
export interface Mode {
  readonly name: string
  readonly method: MethodName
  readonly tunnel?: TunnelInfo
  readonly outbound: boolean
}

export const NAT: Mode = { name: 'NAT', method: 'masq', outbound: true }
export const FULLNAT: Mode = { name: 'FULLNAT', method: 'fullnat', outbound: true }
export const MODES: readonly Mode[] = [
  NAT,
  FULLNAT,
  { name: 'DR', method: 'direct', outbound: false },
  { name: 'TUN ipip', method: 'tunnel', outbound: false },
  { name: 'TUN gue', method: 'tunnel', tunnel: { type: 'gue', port: 6080, checksum: 'none' }, outbound: false },
]
