import type { ConnIndex } from '../../conn/record.js'
import type { Verdict } from '../../packet/verdict.js'

/** The result of opening a connection in one number: the connection (≥ 0), or the complement of the packet's verdict. */
export type Opened = ConnIndex | NotOpened
export type NotOpened = number & { readonly __notOpened: true }

export function notOpened(verdict: Verdict): NotOpened {
  return ~verdict as NotOpened
}
export function isOpen(opened: Opened): opened is ConnIndex {
  return opened >= 0
}
/** The verdict on the packet when no connection was opened. PASS: the packet is not balanced. */
export function verdictOf(refused: NotOpened): Verdict {
  return ~refused as Verdict
}
