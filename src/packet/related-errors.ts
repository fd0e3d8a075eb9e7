import { IcmpType } from '../wire/icmp.js'

/** The types of ICMP errors about connections, a bit each (ipvs-behaviour.md §6.6). */
export const RELATED_ERRORS =
  (1 << IcmpType.UNREACHABLE) | (1 << IcmpType.SOURCE_QUENCH) | (1 << IcmpType.TIME_EXCEEDED)
export const HIGHEST_ERROR = IcmpType.TIME_EXCEEDED

export function isRelatedError(type: number): boolean {
  return type <= HIGHEST_ERROR && ((RELATED_ERRORS >>> type) & 1) !== 0
}
