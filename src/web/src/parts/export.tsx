import { csv } from '../pure/csv.ts'
import { T } from '../texts.ts'

export interface Table {
  columns: readonly string[]
  rows: readonly (readonly (string | number | boolean)[])[]
  /** For JSON: the figures as the director gives them. */
  json: unknown
}

/** Saves what is shown as a file. `make` may ask the director for all of it first. */
export function ExportButtons({ name, make }: { name: string; make: () => Table | Promise<Table> }) {
  const save = async (kind: 'csv' | 'json'): Promise<void> => {
    const { columns, rows, json } = await make()
    const text = kind === 'csv' ? csv(columns, rows) : `${JSON.stringify(json, null, 2)}\n`
    saveFile(`uvs-${name}.${kind}`, text, kind === 'csv' ? 'text/csv' : 'application/json')
  }
  return (
    <span class="export">
      <button type="button" class="ghost small" onClick={() => void save('csv')} aria-label={T.shell.exportAs('CSV')}>
        CSV
      </button>
      <button type="button" class="ghost small" onClick={() => void save('json')} aria-label={T.shell.exportAs('JSON')}>
        JSON
      </button>
    </span>
  )
}

function saveFile(name: string, text: string, type: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
