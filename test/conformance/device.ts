import { checksum } from '../support/frames.js'
import { u16 } from '../support/octets.js'
import type { Side, SideFrame } from './case.js'

/** VIRTIO_NET_HDR_F_NEEDS_CSUM: the device is to finish the checksum. No other flag may be sent (virtio 1.2 §5.1.6.2). */
const NEEDS_CSUM = 1

/**
 * What comes out of a device that is given this frame and virtio-net header: the checksum is put in if it was left to
 * the device, and a header that the kernel would refuse, or that asks for segments, is a fault.
 */
export function deviceSends(side: Side, frame: Uint8Array, header: Uint8Array): SideFrame {
  const [flags = 0, gsoType = 0] = header
  const view = new DataView(header.buffer, header.byteOffset)
  const start = view.getUint16(6, true)
  const field = start + view.getUint16(8, true)
  if ((flags & ~NEEDS_CSUM) !== 0 || gsoType !== 0) {
    return { side, frame, fault: `virtio-net header with flags ${flags} and GSO type ${gsoType}` }
  }
  if (flags === 0) return { side, frame }
  if (field + 2 > frame.length) return { side, frame, fault: `virtio-net header with a checksum at octet ${field}` }
  // The field holds the pseudo-header's sum already, so that the sum over it counts the pseudo-header. Zero goes as ones.
  const whole = Uint8Array.from(frame)
  whole.set(u16(checksum(frame.slice(start)) || 0xffff), field)
  return { side, frame: whole }
}
