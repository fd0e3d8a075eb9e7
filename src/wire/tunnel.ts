/** GUE, version 0 (draft-ietf-intarea-gue §3.1): octets of its header without options. */
export const GUE_LEN = 4
/** GRE (RFC 2784 §2.1): octets of its header, of the checksum and what is reserved behind it, and the bit that says it is there. */
export const GRE_LEN = 4
export const GRE_CHECKSUM_LEN = 4
export const GRE_HAS_CHECKSUM = 0x8000
