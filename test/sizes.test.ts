import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'

/* A function fits a screen, a file is one concept: what is longer says why. */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')
const PROGRAMS = ['src', 'native-free', 'netns-lab', 'bench']
const MOST_LINES_OF_FUNCTION = 60
const MOST_LINES_OF_FILE = 300
/** Stands in the comment right above a function that is longer, with the reason. */
const ON_PURPOSE = /Long on purpose: \S/

/** Those that are too long: a file's path, or path and a function's name. */
function tooLong(path: string, text: string): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const found = text.trimEnd().split('\n').length > MOST_LINES_OF_FILE ? [path] : []
  const lineOf = (at: number): number => source.getLineAndCharacterOfPosition(at).line
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const lines = lineOf(node.end) - lineOf(node.getStart(source)) + 1
      if (lines > MOST_LINES_OF_FUNCTION && !ON_PURPOSE.test(commentAbove(node, text)))
        found.push(`${path} ${nameOf(node, source)}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Of an arrow function the comment is that of the statement, or of the member, that it is given a name by. */
function commentAbove(node: ts.Node, text: string): string {
  const named = ts.findAncestor(node, found => ts.isStatement(found) || ts.isClassElement(found)) ?? node
  const last = ts.getLeadingCommentRanges(text, named.getFullStart())?.at(-1)
  return last ? text.slice(last.pos, last.end) : ''
}

function nameOf(node: ts.Node & { name?: ts.Node }, source: ts.SourceFile): string {
  if (ts.isConstructorDeclaration(node)) return 'constructor'
  const { parent } = node
  const name =
    node.name ?? (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) ? parent.name : undefined)
  return name?.getText(source) ?? 'a function without a name'
}

function tooLongOfProject(): string[] {
  return PROGRAMS.flatMap(dir =>
    readdirSync(join(ROOT, dir), { recursive: true, encoding: 'utf8' })
      .map(name => posix.join(dir, name.replaceAll('\\', '/')))
      .filter(path => /\.tsx?$/.test(path))
      .sort()
      .flatMap(path => tooLong(path, readFileSync(join(ROOT, path), 'utf8'))),
  )
}

const lines = (count: number): string => 'x()\n'.repeat(count)
const found = (text: string): string[] => tooLong('a.ts', text)

t.test(`functions have at most ${MOST_LINES_OF_FUNCTION} lines, files ${MOST_LINES_OF_FILE}`, async t => {
  t.strictSame(tooLongOfProject(), [])
})

t.test('what is too long is found', async t => {
  t.strictSame(found(lines(300)), [])
  t.strictSame(found(lines(301)), ['a.ts'])
  t.strictSame(found(`function f() {\n${lines(58)}}`), [])
  t.strictSame(found(`function f() {\n${lines(59)}}`), ['a.ts f'])
  t.strictSame(found(`const f = () => {\n${lines(59)}}`), ['a.ts f'])
  t.strictSame(found(`class A {\n constructor() {\n${lines(59)}}\n m() {\n${lines(59)}}\n}`), [
    'a.ts constructor',
    'a.ts m',
  ])
  t.strictSame(found(`const a = { b: () => {\n${lines(59)}}, get c() {\n${lines(59)}} }`), ['a.ts b', 'a.ts c'])
  t.strictSame(found(`call(() => {\n${lines(59)}})`), ['a.ts a function without a name'])
})

t.test('unless the comment above says why', async t => {
  const long = `() {\n${'x()\n'.repeat(59)}}`
  t.strictSame(tooLong('a.ts', `/** Does it. Long on purpose: 8 % faster in one. */\nfunction f${long}`), [])
  t.strictSame(tooLong('a.ts', `class A {\n  // Long on purpose: one table.\n  m${long}\n}`), [])
  t.strictSame(tooLong('a.ts', `// Long on purpose: one table.\nexport const f = ${long.replace('()', '() =>')}`), [])
  t.strictSame(tooLong('a.ts', `// Long on purpose:\nfunction f${long}`), ['a.ts f'], 'no reason')
  t.strictSame(
    tooLong('a.ts', `// Long on purpose: a reason.\nlet x\nfunction f${long}`),
    ['a.ts f'],
    "another's comment",
  )
})
