/** RFC 4180, with a guard: a cell that a spreadsheet would take for a formula begins with a quote. */
export function csv(columns: readonly string[], rows: readonly (readonly (string | number | boolean)[])[]): string {
  return [columns, ...rows].map(row => `${row.map(cell).join(',')}\r\n`).join('')
}

function cell(value: string | number | boolean): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
