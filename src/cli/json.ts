/** Of every document; docs/json.md says when it becomes another. */
const VERSION = 1

const LIST_END = '\n]}\n'

/** What `--json` prints: one document, `{"version":1,"KIND":value}`, and a newline. Of a list each item has a line of its own. */
export function jsonDocument(kind: string, value: unknown): string {
  return Array.isArray(value)
    ? `${beginning(kind)}[${lines(value)}${LIST_END}`
    : `${beginning(kind)}${JSON.stringify(value)}}\n`
}

/** The same of a list that comes in pages, in pieces. There is none before the first page is there. */
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
