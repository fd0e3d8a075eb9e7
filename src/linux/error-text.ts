import { getSystemErrorMap } from 'node:util'

/** Why something failed, in words: of a system error `permission denied`, not `EACCES: permission denied, open '/x'`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return firstLine(String(error))
  const { errno, syscall } = error as NodeJS.ErrnoException
  const reason = systemReason(errno) ?? firstLine(error.message)
  // A path that does not begin with / was given in a directory that is gone.
  return syscall === 'uv_cwd' ? `the working directory: ${reason}` : reason
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
