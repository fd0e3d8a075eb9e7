import type { Cidr, Ipv4Addr } from '../wire/addr.js'

/* What keys and values of maps are made of, and their octets. */

export const ADDRESS_LEN = 4
export const BLOCK_KEY_LEN = 8
export const WORD = 4

/** A 32-bit number as programs read it. */
export function word(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer)
}
/** An address as it stands in a frame. */
export function onTheWire(addr: Ipv4Addr): Uint8Array {
  return Uint8Array.of(addr >>> 24, addr >>> 16, addr >>> 8, addr)
}
/** struct bpf_lpm_trie_key: the prefix's length, and the address as on the wire. */
export function blockKey({ addr, mask, prefix }: Cidr): Uint8Array {
  const key = new Uint8Array(BLOCK_KEY_LEN)
  key.set(word(prefix))
  key.set(onTheWire((addr & mask) as Ipv4Addr), WORD)
  return key
}
