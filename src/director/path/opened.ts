import type { ConnIndex } from '../../conn/record.js'
import type { Verdict } from '../../packet/verdict.js'

/** What came of opening a connection, in one number: the connection, or the complement of the verdict on its packet. */
export type Opened = ConnIndex | NotOpened
export type NotOpened = number & { readonly __notOpened: true }

export function notOpened(verdict: Verdict): NotOpened {
  return ~verdict as NotOpened
}
export function isOpen(opened: Opened): opened is ConnIndex {
  return opened >= 0
}
/** Why there is no connection; PASS: the packet is not to be balanced. */
export function verdictOf(refused: NotOpened): Verdict {
  return ~refused as Verdict
}
