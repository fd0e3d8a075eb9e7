/** Text that may stand in HTML, between tags or in quotes: nothing in it is markup. */
export function escaped(text: string | number): string {
  return String(text).replace(/[&<>"'`]/g, char => `&#${char.codePointAt(0)};`)
}

/** A value as JSON that may stand in a script element: nothing in it ends the element or begins a comment. */
export function jsonInScript(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A program that may stand in a script element. UnsafeScript if it could end it. */
export function scriptText(program: string): string {
  if (/<\/script|<!--/i.test(program)) throw new Error('a program in a page must not have </script or <!-- in it')
  return program
}

export interface Column<Row> {
  head: string
  of: (row: Row) => string | number
  /** Numbers stand on the right. */
  isNumber?: boolean
}

/** A table with a caption; empty where there is no row. */
export function table<Row>(caption: string, rows: readonly Row[], columns: readonly Column<Row>[]): string {
  if (rows.length === 0) return ''
  const cell = (tag: string, { isNumber }: Column<Row>, text: string | number): string =>
    `<${tag}${isNumber ? ' class="number"' : ''}>${escaped(text)}</${tag}>`
  const head = columns.map(column => cell('th', column, column.head)).join('')
  const body = rows.map(row => `<tr>${columns.map(column => cell('td', column, column.of(row))).join('')}</tr>`)
  return `<table><caption>${escaped(caption)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join('\n')}
</tbody></table>
`
}
