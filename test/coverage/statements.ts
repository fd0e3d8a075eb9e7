import ts from 'typescript'

/** What V8 writes of a script into NODE_V8_COVERAGE: how often each range of its text ran, ranges in one another. */
export interface ScriptCoverage {
  url: string
  functions: { ranges: { startOffset: number; endOffset: number; count: number }[] }[]
}

/** The statements of a script, and which of them ran in some process. */
export class Statements {
  /** Where each begins in the text. */
  readonly starts: readonly number[]
  readonly #ran: Uint8Array
  readonly #file: ts.SourceFile

  constructor(text: string) {
    this.#file = ts.createSourceFile('script.js', text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS)
    this.starts = statementsOf(this.#file)
    this.#ran = new Uint8Array(this.starts.length)
  }

  /** Adds what ran in one process. */
  add({ functions }: ScriptCoverage): void {
    const ran = new Uint8Array(this.#file.text.length)
    const ranges = functions.flatMap(one => one.ranges)
    // The innermost range that holds a place tells: so the outer ones are painted first.
    ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset)
    for (const { startOffset, endOffset, count } of ranges) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset)
    for (const [i, start] of this.starts.entries()) if (ran[start] === 1) this.#ran[i] = 1
  }

  get covered(): number {
    return this.#ran.reduce((sum, ran) => sum + ran, 0)
  }

  /** The lines, from 1, of statements that never ran. */
  get missed(): number[] {
    const missed = this.starts.filter((_, i) => this.#ran[i] === 0)
    return [...new Set(missed.map(start => this.#file.getLineAndCharacterOfPosition(start).line + 1))]
  }
}

/** Declarations of functions, classes and imports do nothing by themselves; the body of `x => x + 1` does. */
function statementsOf(file: ts.SourceFile): number[] {
  const starts: number[] = []
  const visit = (node: ts.Node): void => {
    const isBody = ts.isArrowFunction(node.parent) && node.parent.body === node
    if (ts.isBlock(node) ? false : isBody || (ts.isStatement(node) && !declares(node))) starts.push(node.getStart(file))
    ts.forEachChild(node, visit)
  }
  ts.forEachChild(file, visit)
  return starts
}

function declares(node: ts.Statement): boolean {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node) ||
    ts.isExportAssignment(node) ||
    ts.isEmptyStatement(node)
  )
}
