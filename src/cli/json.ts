/** The version of every document; docs/json.md says when it changes. */
const VERSION = 1

const LIST_END = '\n]}\n'

/**
 * Formats a document for `--json`: `{"version":1,"KIND":value}` and a newline. Each item of a list is on its own line. `more`: further
 * lists.
 */
export function jsonDocument(kind: string, value: unknown, more: Record<string, readonly unknown[]> = {}): string {
  if (!Array.isArray(value)) return `${beginning(kind)}${JSON.stringify(value)}}\n`
  const others = Object.entries(more).map(([name, list]) => `\n],${JSON.stringify(name)}:[${lines(list)}`)
  return `${beginning(kind)}[${lines(value)}${others.join('')}${LIST_END}`
}

/** The same for a list that comes in pages, piece by piece. The first piece comes with the first page. */
export async function* jsonPieces(kind: string, pages: AsyncIterable<readonly unknown[]>): AsyncGenerator<string> {
  let before = `${beginning(kind)}[`
  for await (const page of pages) {
    if (page.length === 0) continue
    yield before + lines(page)
    before = ','
  }
  yield before === ',' ? LIST_END : before + LIST_END
}

function beginning(kind: string): string {
  return `{"version":${VERSION},${JSON.stringify(kind)}:`
}

function lines(items: readonly unknown[]): string {
  return items.map(item => `\n${JSON.stringify(item)}`).join(',')
}
