import { sumOctets, sumPseudoHeader } from '../../../native-free/checksum.js'

/** NAT as a first version would have it: new address and port, then both checksums computed anew, octet by octet. */
export function plainRewrite(bytes: Uint8Array, view: DataView, ipAt: number, daddr: number, dport: number): void {
  view.setInt32(ipAt + 16, daddr)
  view.setUint16(ipAt + 22, dport)
  view.setUint16(ipAt + 10, 0)
  view.setUint16(ipAt + 10, ~sumOctets(bytes.subarray(ipAt, ipAt + 20)))
  const end = ipAt + view.getUint16(ipAt + 2)
  const tcp = bytes.subarray(ipAt + 20, end)
  view.setUint16(ipAt + 36, 0)
  const pseudo = sumPseudoHeader(view.getUint32(ipAt + 12), daddr >>> 0, 6, tcp.length)
  view.setUint16(ipAt + 36, ~sumOctets(tcp, pseudo))
}
