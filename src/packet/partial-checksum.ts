import { fold, sum16 } from '../wire/checksum.js'
import { sentCheck } from '../wire/udp.js'
import type { Packet } from './packet.js'

/**
 * Completes a checksum that was left to the device (virtio 1.2 §5.1.6.2): the device cannot, once the packet is cut into
 * fragments. Not for a GSO frame.
 */
export function finishChecksum(packet: Packet): void {
  const { vnet, slab, at, len } = packet
  if (vnet.isPartial) {
    const start = at + vnet.csumStart
    const field = start + vnet.csumOffset
    if (field + 2 <= at + len && start <= at + len) {
      const check = ~sum16(slab.view, start, at + len - start) & 0xffff
      // UDP must not send 0 (it means: no checksum); TCP may send either form of zero.
      slab.view.setUint16(field, sentCheck(check))
    }
  }
  vnet.clear()
}

/**
 * The sum from `from` to the frame's end, as it will be after the device has completed the partial checksum (the kernel's
 * "local checksum offload"): by then the octets from `csumStart` on sum to the complement of the pseudo header's sum.
 */
export function sumWhenFinished(packet: Packet, from: number): number {
  const { vnet, slab, at, len } = packet
  if (!vnet.isPartial) return sum16(slab.view, from, at + len - from)
  const start = at + vnet.csumStart
  const pseudo = slab.view.getUint16(start + vnet.csumOffset)
  return fold(sum16(slab.view, from, start - from) + (~pseudo & 0xffff))
}
