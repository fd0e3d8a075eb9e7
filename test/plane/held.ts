import type { HostAddress } from '../../src/linux/rtnetlink/address.js'
import { parseCidr } from '../../src/wire/addr.js'

/** An address of the kernel's, 'ADDR/LEN', on the interface of this number. */
export function held(text: string, link: number): HostAddress {
  const more = { peer: undefined, scope: 0, flags: 0, broadcast: undefined, label: undefined }
  return { ...parseCidr(text)!, link, ...more }
}
