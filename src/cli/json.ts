/** The version of every document; docs/json.md says when it changes. */
const VERSION = 1

const LIST_END = '\n]}\n'

/** Formats a document for `--json`: `{"version":1,"KIND":value}` and a newline. Each item of a list is on its own line. */
export function jsonDocument(kind: string, value: unknown): string {
  return Array.isArray(value)
    ? `${beginning(kind)}[${lines(value)}${LIST_END}`
    : `${beginning(kind)}${JSON.stringify(value)}}\n`
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
