/** A reply longer than this is none. */
export const MOST_REPLY = 64 * 1024

/** A whole reply (RFC 5321, 4.2.1): lines `ddd-text`, the last `ddd text`. Undefined: it has no end yet. Code 0: it is no reply. */
export function replyOf(text: string): { code: number; first: string } | undefined {
  if (!text.endsWith('\n')) return undefined
  const lines = text.split(/\r?\n/).slice(0, -1)
  const first = lines[0] ?? ''
  const code = /^(\d{3})[ -]/.exec(first)?.[1]
  if (code === undefined) return { code: 0, first: first.slice(0, 80) }
  const last = lines.findIndex(line => !line.startsWith(`${code}-`))
  if (last < 0) return undefined
  return { code: lines[last]!.startsWith(`${code} `) ? Number(code) : 0, first: first.slice(0, 80) }
}
