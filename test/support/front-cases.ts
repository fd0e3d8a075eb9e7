import { AddressKind, type Front } from '../../src/packet/front.js'
import { parseCidr, parseIpv4 } from '../../src/wire/addr.js'
import { icmp4, ip4, packetOf, tcp4, udp4, type Ipv4Options } from './frames.js'

export const TCP = 6
export const UDP = 17
/** The kernel's own address; a VIP that it holds, with a web server of its own on 8080; one that it does not hold. */
export const [HOST, VIP, FOREIGN] = ['10.0.0.1', '10.0.0.100', '10.0.0.101']
/** uvs's own; in a block of its own; one that a mark may fit. */
export const [OWN, BLOCK, MARKED] = ['10.0.0.9', '10.7.0.5', '10.0.0.50']
/** Masqueraded: 8080, and 53 at every port; by tunnel. */
export const [NAT, ANY, TUNNEL] = ['10.0.1.10', '10.0.1.11', '10.0.1.20']
export const CLIENT = '203.0.113.7'

/** Says what all these addresses are. */
export function tellAll(front: Front): void {
  const { OWN: own, SERVICE, MARKED: marked, SERVER, TUNNEL: tunnel, KERNEL } = AddressKind
  const kinds: [string, number][] = [
    [HOST, KERNEL],
    [VIP, SERVICE | KERNEL],
    [FOREIGN, SERVICE],
    [OWN, own],
    [MARKED, marked | KERNEL],
    [NAT, SERVER],
    [ANY, SERVER],
    [TUNNEL, tunnel],
  ]
  for (const [addr, kind] of kinds) front.setKinds(parseIpv4(addr)!, kind)
  front.addBlock(parseCidr('10.7.0.0/16')!, own)
  front.setService(TCP, parseIpv4(VIP)!, 80, true)
  front.setService(UDP, parseIpv4(FOREIGN)!, 0, true)
  front.setServer(TCP, parseIpv4(NAT)!, 8080, true)
  front.setServer(UDP, parseIpv4(ANY)!, 0, true)
  // Said of addresses of no such kind: means nothing.
  front.setService(TCP, parseIpv4(HOST)!, 80, true)
  front.setServer(TCP, parseIpv4(TUNNEL)!, 8080, true)
}
type Case = [what: string, frame: Uint8Array, isTaken: boolean]
/** An ICMP error that quotes a frame's packet. */
export const error = (flow: string, quoted: Uint8Array, type = 3, options: Ipv4Options = {}): Uint8Array =>
  icmp4(flow, { type, payload: packetOf(quoted), ...options })
export const SOME = new Uint8Array(20)
const options = { ipOptions: new Uint8Array(40).fill(1) }

/** Beside the kernel. */
export const FRONT_CASES: readonly Case[] = [
  ['to a service', tcp4(`${CLIENT}:1024 > ${VIP}:80`), true],
  ['with options', tcp4(`${CLIENT}:1024 > ${VIP}:80`, options), true],
  ['to another port of the VIP', tcp4(`${CLIENT}:1024 > ${VIP}:8080`), false],
  ['by another protocol', udp4(`${CLIENT}:1024 > ${VIP}:80`), false],
  ['a ping', icmp4(`${CLIENT} > ${VIP}`, { type: 8 }), false],
  ['to a service at every port', udp4(`${CLIENT}:1024 > ${FOREIGN}:4711`), true],
  ['that is of the other protocol', tcp4(`${CLIENT}:1024 > ${FOREIGN}:4711`), false],
  ['to the host', tcp4(`${CLIENT}:1024 > ${HOST}:80`), false],
  ['to uvs', tcp4(`${CLIENT}:1024 > ${OWN}:22`), true],
  ['to uvs, a ping', icmp4(`${CLIENT} > ${OWN}`, { type: 8 }), true],
  ['to uvs, of what has no ports', ip4(`${CLIENT} > ${OWN}`, 50, SOME), true],
  ['to its block', tcp4(`${CLIENT}:1024 > ${BLOCK}:22`), true],
  ['to what a mark may fit, though the kernel holds it', tcp4(`${CLIENT}:1024 > ${MARKED}:22`), true],
  ['through the host', tcp4(`${CLIENT}:1024 > 198.51.100.1:80`), false],
  ['an answer of a real server', tcp4(`${NAT}:8080 > ${CLIENT}:1024`), true],
  ['of one at every port', udp4(`${ANY}:4711 > ${CLIENT}:1024`), true],
  ['its own connection', tcp4(`${NAT}:40000 > ${CLIENT}:443`), false],
  ['its answer to a check of the host', tcp4(`${NAT}:8080 > ${HOST}:40000`), false],
  ['to a check from the VIP', tcp4(`${NAT}:8080 > ${VIP}:40000`), false],
  ['it is itself a client', tcp4(`${NAT}:40000 > ${VIP}:80`), true],
  ['of one by tunnel', tcp4(`${TUNNEL}:8080 > ${CLIENT}:1024`), false],

  ['an error about an answer of the VIP', error(`${CLIENT} > ${VIP}`, tcp4(`${VIP}:80 > ${CLIENT}:1024`)), true],
  ['by a router', error(`192.0.2.1 > ${VIP}`, tcp4(`${VIP}:80 > ${CLIENT}:1024`), 11), true],
  ['with options', error(`192.0.2.1 > ${VIP}`, tcp4(`${VIP}:80 > ${CLIENT}:1024`, options), 4, options), true],
  ['about another port of it', error(`192.0.2.1 > ${VIP}`, tcp4(`${VIP}:8080 > ${CLIENT}:1024`)), false],
  ['a redirect', error(`192.0.2.1 > ${VIP}`, tcp4(`${VIP}:80 > ${CLIENT}:1024`), 5), false],
  ['a parameter problem', error(`192.0.2.1 > ${VIP}`, tcp4(`${VIP}:80 > ${CLIENT}:1024`), 12), false],
  ['of no type that counts', error(`192.0.2.1 > ${VIP}`, tcp4(`${VIP}:80 > ${CLIENT}:1024`), 35), false],
  ['that quotes a later piece', error(`1.2.3.4 > ${VIP}`, tcp4(`${VIP}:80 > ${CLIENT}:9`, { fragment: 1 })), false],
  ['about what a block of uvs sent', error(`192.0.2.1 > ${CLIENT}`, tcp4(`${BLOCK}:5 > 192.0.2.9:1`)), true],
  ['about what went to a real server', error(`${NAT} > ${CLIENT}`, tcp4(`${CLIENT}:1024 > ${NAT}:8080`)), true],
  ['about what the host sent it', error(`${NAT} > ${HOST}`, tcp4(`${HOST}:1024 > ${NAT}:8080`)), false],
  ['about another port of it', error(`${NAT} > ${CLIENT}`, tcp4(`${CLIENT}:1024 > ${NAT}:443`)), false],
  ['about what went to a VIP as it came', error(`${TUNNEL} > ${CLIENT}`, tcp4(`${CLIENT}:1024 > ${VIP}:80`)), true],
  ['about another port of it', error(`${TUNNEL} > ${CLIENT}`, tcp4(`${CLIENT}:1024 > ${VIP}:8080`)), false],
  ['about what went to a mark', error(`${TUNNEL} > ${CLIENT}`, udp4(`${CLIENT}:1024 > ${MARKED}:9`)), true],
  ['to a block of uvs', error(`${TUNNEL} > ${CLIENT}`, udp4(`${CLIENT}:1024 > ${BLOCK}:9`)), true],
  ['to the host about such a one', error(`${TUNNEL} > ${HOST}`, tcp4(`${HOST}:1024 > ${VIP}:80`)), false],
  ['about IPIP', error(`192.0.2.1 > ${HOST}`, ip4(`${HOST} > ${TUNNEL}`, 4, SOME)), true],
  ['about GRE', error(`192.0.2.1 > ${HOST}`, ip4(`${HOST} > ${TUNNEL}`, 47, SOME)), true],
  ['about UDP, maybe GUE', error(`192.0.2.1 > ${HOST}`, udp4(`${HOST}:1024 > ${TUNNEL}:6080`)), true],
  ['about UDP, to a client', error(`192.0.2.1 > ${CLIENT}`, udp4(`${CLIENT}:1024 > ${TUNNEL}:80`)), false],
  ['about TCP to it', error(`192.0.2.1 > ${HOST}`, tcp4(`${HOST}:1024 > ${TUNNEL}:80`)), false],
  ['about IPIP to another', error(`192.0.2.1 > ${HOST}`, ip4(`${HOST} > ${NAT}`, 4, SOME)), false],

  ['of another version', changed(VIP, 0x65), false],
  ['of version 6 to uvs', changed(OWN, 0x65), true],
  ['of version 6 with options', changed(VIP, 0x66), false],
  ['with a short header', changed(VIP, 0x44), false],
  ['with a short one to uvs', changed(OWN, 0x44), true],
  ['with a header that is longer than the frame', changed(VIP, 0x4f), false],
  ['that quotes such a one', error(`192.0.2.1 > ${VIP}`, changed(VIP, 0x65)), false],
  ['of a type that is 3 modulo 64', error(`192.0.2.1 > ${VIP}`, tcp4(`${VIP}:80 > ${CLIENT}:1024`), 67), false],
]

/** A packet to port 80 whose first octet, version and header length, is another. */
function changed(to: string, first: number): Uint8Array {
  const frame = tcp4(`${to}:80 > ${to}:80`)
  frame[14] = first
  return frame
}
