import { getSystemErrorMap } from 'node:util'

export const CWD_GONE = 'the current directory is gone'

/** Why something failed, in words: of a system error `permission denied`, not `EACCES: permission denied, open '/x'`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return firstLine(String(error))
  const { errno, syscall, code } = error as NodeJS.ErrnoException
  // A path that does not begin with /, or a thread, asked for it.
  if (syscall === 'uv_cwd') return code === 'ENOENT' ? CWD_GONE : `the current directory: ${reason(errno, error)}`
  return reason(errno, error)
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

function reason(errno: number | undefined, { message }: Error): string {
  return systemReason(errno) ?? firstLine(message)
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!
}
