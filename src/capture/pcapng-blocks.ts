/** pcapng (draft-ietf-opsawg-pcapng): block types, option codes and lengths that reader and writer share. */
export const BlockType = {
  SECTION: 0x0a0d0d0a,
  INTERFACE: 1,
  /** Obsolete; old captures have it. */
  PACKET: 2,
  SIMPLE_PACKET: 3,
  ENHANCED_PACKET: 6,
} as const

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d

export const OptionCode = {
  END: 0,
  COMMENT: 1,
  /** Of a packet: bits 0 and 1 are the direction. */
  PACKET_FLAGS: 2,
  /** Of an interface. */
  NAME: 2,
  TIME_RESOLUTION: 9,
  TIME_OFFSET: 14,
  /** Of a section: what wrote it. */
  USER_APPLICATION: 4,
} as const

/** Type, length, and the length once more behind it. */
export const BLOCK_OVERHEAD = 12
export const OPTION_HEAD = 4

/** Up to the next multiple of 4. */
export function padded(len: number): number {
  return (len + 3) & ~3
}
