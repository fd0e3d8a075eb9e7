import type { Director } from '../director/director.js'
import { Verdict } from '../packet/verdict.js'
import type { Ipv4Addr } from '../wire/addr.js'

/** What a virtual router, spoken on the main thread, has a data plane do. Plain data: it is posted to threads. `link`: its index. */
export type RouterOrder =
  /** Sends a whole IPv4 packet. */
  | { readonly kind: 'advert'; readonly link: number; readonly packet: Uint8Array }
  /** Sends a gratuitous ARP. */
  | { readonly kind: 'announce'; readonly link: number; readonly addr: Ipv4Addr }
  /** These addresses, and no others, are virtual routers': a service alone claims none of them. */
  | { readonly kind: 'withhold'; readonly addresses: readonly Ipv4Addr[] }

/** Does it. Returns whether frames may wait in the devices' queues. An advert that cannot be sent is counted by its drop's name. */
export function carryOut(director: Director, order: RouterOrder): boolean {
  if (order.kind === 'withhold') {
    director.ownAddresses.withhold(order.addresses)
    return false
  }
  if (order.kind === 'announce') director.voice.announce(order.link, order.addr)
  else {
    const verdict = director.voice.send(order.link, order.packet)
    if (verdict !== Verdict.SENT && verdict !== Verdict.HELD) director.lost(verdict)
  }
  return true
}
