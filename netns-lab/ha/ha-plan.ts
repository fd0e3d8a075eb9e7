/*
 * Two directors beside their kernels, one of which has two virtual addresses by VRRP, and two real servers by direct routing, all on
 * one network: topology.txt draws it. What each reads is the classic keepalived.conf.
 */

/** What speaks VRRP on lb2: uvs, or keepalived beside a uvs that balances. */
export type Peer = 'uvs' | 'keepalived'
export type Balancer = 'lb1' | 'lb2'
export type Server = 'rs1' | 'rs2'

const NETWORK_BITS = 24
export const BALANCERS: Readonly<Record<Balancer, { address: string; state: string; priority: number }>> = {
  lb1: { address: '192.168.159.1', state: 'MASTER', priority: 150 },
  lb2: { address: '192.168.159.2', state: 'BACKUP', priority: 100 },
}
export const SERVERS: Readonly<Record<Server, { address: string; weight: number }>> = {
  rs1: { address: '192.168.159.11', weight: 2 },
  rs2: { address: '192.168.159.12', weight: 1 },
}
const CLIENT = '192.168.159.10'
/** Of the virtual server whose clients stay with their real server, and of the one whose do not. */
export const [STICKY, SPREAD] = ['192.168.159.100', '192.168.159.101'] as const
export const VIPS = [STICKY, SPREAD] as const
export const PORT = 80

export const ADVERT_MS = 1000
/** A backup waits for three adverts and its skew time, 156/256 s at priority 100 (RFC 3768 §6.1): 3609 ms. Then it advertises. */
export const FAILOVER_MS = 3 * ADVERT_MS + 700
/** In seconds, as written. */
const DELAY_LOOP = 2
const CONNECT_TIMEOUT = 3
const DELAY_BEFORE_RETRY = 1
/** A server that refuses connections leaves after the next check and its one retry. */
export const LEAVES_MS = (DELAY_LOOP + DELAY_BEFORE_RETRY) * 1000
/** TCP_CHECK is content with one good check, HTTP_GET with two. */
export const RETURNS_MS = 2 * DELAY_LOOP * 1000

/** Every host of the network: name → address with its network's length. */
export function hosts(): Record<string, string> {
  const all = { ...BALANCERS, ...SERVERS, client: { address: CLIENT } }
  return Object.fromEntries(Object.entries(all).map(([name, { address }]) => [name, `${address}/${NETWORK_BITS}`]))
}

/** The vrrp_instance of a director. */
export function vrrpText(name: Balancer): string {
  const { state, priority } = BALANCERS[name]
  return `! ${name}
vrrp_instance VI_1 {
  state ${state}
  interface eth0
  virtual_router_id 51
  priority ${priority}
  advert_int ${ADVERT_MS / 1000}
  authentication {
    auth_type PASS
    auth_pass 1111
  }
  virtual_ipaddress {
    ${VIPS.map(vip => `${vip}/${NETWORK_BITS}`).join('\n    ')}
  }
}
`
}

/** The virtual servers, the same for both directors. */
export function serversText(): string {
  return (
    virtualServer(STICKY, '  persistence_timeout 50\n', 'TCP_CHECK', '') + virtualServer(SPREAD, '', 'HTTP_GET', URL)
  )
}

const URL = `      url {
        path /
        status_code 200
      }
`

function virtualServer(vip: string, more: string, check: string, inside: string): string {
  const servers = Object.values(SERVERS).map(
    ({ address, weight }) => `  real_server ${address} ${PORT} {
    weight ${weight}
    ${check} {
${inside}      connect_timeout ${CONNECT_TIMEOUT}
      retry 1
      delay_before_retry ${DELAY_BEFORE_RETRY}
    }
  }
`,
  )
  return `virtual_server ${vip} ${PORT} {
  delay_loop ${DELAY_LOOP}
  lb_algo wrr
  lb_kind DR
  protocol TCP
${more}${servers.join('')}}
`
}
