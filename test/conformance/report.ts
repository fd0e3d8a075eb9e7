/** Lines of a failed case that are shown, and characters of a line: an outcome that is wrong all over stays readable. */
const MAX_LINES = 24
const MAX_LINE_LEN = 240

/** The lines to print about one case. `differences`: none, if it passed. */
export function reportLines(name: string, differences: string[]): string[] {
  if (differences.length === 0) return [`pass  ${name}`]
  const shown = differences.slice(0, MAX_LINES).map(line => `      ${cut(line)}`)
  const more = differences.length - shown.length
  return [`FAIL  ${name}`, ...shown, ...(more > 0 ? [`      … and ${more} lines more`] : [])]
}

function cut(line: string): string {
  return line.length <= MAX_LINE_LEN ? line : `${line.slice(0, MAX_LINE_LEN)}… (${line.length} characters)`
}
