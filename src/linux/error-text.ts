import { getSystemErrorMap } from 'node:util'

/** Why something failed, in words: of a system error `permission denied`, not `EACCES: permission denied, open '/x'`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return firstLine(String(error))
  return systemReason((error as NodeJS.ErrnoException).errno) ?? firstLine(error.message)
}

/** The same, and what it was about, if that was a file: `/x: permission denied`. */
export function messageOf(error: unknown): string {
  const path = error instanceof Error && (error as NodeJS.ErrnoException).path
  return (path ? `${path}: ` : '') + reasonOf(error)
}

/** The system's words for an errno, which Node has below zero. */
export function systemReason(errno: number | undefined): string | undefined {
  return errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!
}
