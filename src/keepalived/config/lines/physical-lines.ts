/** keepalived reads at most so many octets as one line; the rest is a line of its own, and later line numbers count it. */
const LONGEST_LINE = 1023

/**
 * The lines of a file, as keepalived cuts them: the nth is line n + 1 of its messages. A NUL ends its line; CR is white space; white
 * space around a backslash at a line's end is dropped.
 */
export function physicalLines(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.flatMap(pieces).map(line => {
    const nul = line.indexOf('\0')
    return (nul < 0 ? line : line.slice(0, nul)).replace(/[ \t\r]+$/, '').replace(/[ \t\r]+\\$/, '\\')
  })
}

function pieces(line: string): string[] {
  if (line.length <= LONGEST_LINE && Buffer.byteLength(line) <= LONGEST_LINE) return [line]
  const octets = Buffer.from(line)
  const found: string[] = []
  for (let at = 0; at < octets.length; at += LONGEST_LINE) found.push(octets.subarray(at, at + LONGEST_LINE).toString())
  return found
}
