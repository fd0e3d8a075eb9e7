/** The columns of a table without the times of day, which depend on the time zone. */
export function columns(text: string): string[][] {
  const lines = text.trimEnd().split('\n')
  return lines.map(line => line.replace(/(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d, /g, '').split(/ {2,}/))
}
