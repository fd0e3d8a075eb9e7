import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

/* What documents and comments point at is there. */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')
const FOLDERS = ['src', 'native-free', 'netns-lab', 'bench', 'test', 'docs', 'examples', 'monitoring', 'packaging']
const PAGES = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']

function files(ending: RegExp): string[] {
  const found = FOLDERS.flatMap(dir => {
    const names = readdirSync(join(ROOT, dir), { recursive: true, encoding: 'utf8' })
    return names.map(name => posix.join(dir, name.replaceAll('\\', '/')))
  })
  return [...PAGES, ...found].filter(path => ending.test(path)).sort()
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** The numbers of a document's sections: '2', '2.5'. */
function sections(text: string): Set<string> {
  return new Set([...text.matchAll(/^#+ (\d+(?:\.\d+)*)\.? /gm)].map(([, number]) => number!))
}

/** What a text cites of docs/ipvs-behaviour.md: each § of the list behind the document's name, '§2.3, §2.7 and §14' too. */
function cited(text: string): string[] {
  const unwrapped = text.replace(/\n\s*(\*|\/\/)? */g, ' ')
  const lists = unwrapped.matchAll(/ipvs-behaviour(?:\.md)?[,:]? ((?:(?:, |,? and | to )?§ ?\d+(?:\.\d+)*)+)/g)
  return [...lists].flatMap(([, list]) => [...list!.matchAll(/\d+(?:\.\d+)*/g)].map(([number]) => number))
}

t.test('each § that is cited of ipvs-behaviour is a section there', async t => {
  const known = sections(read('docs/ipvs-behaviour.md'))
  t.ok(known.size > 80, `${known.size} sections`)
  const sources = files(/\.(ts|md)$/).filter(path => path !== 'docs/ipvs-behaviour.md' && path !== 'test/docs.test.ts')
  const all = sources.map(path => ({ path, numbers: cited(read(path)) }))
  const count = all.reduce((sum, { numbers }) => sum + numbers.length, 0)
  t.ok(count > 90, `${count} citations`)
  const missing = all.flatMap(({ path, numbers }) => numbers.filter(n => !known.has(n)).map(n => `${path}: §${n}`))
  t.strictSame(missing, [])
})

t.test('the sections of ipvs-behaviour that it cites itself are there', async t => {
  const text = read('docs/ipvs-behaviour.md')
  const known = sections(text)
  const numbers = [...text.matchAll(/§(\d+(?:\.\d+)*)/g)].map(([, number]) => number!)
  t.ok(numbers.length > 5)
  t.strictSame(
    numbers.filter(number => !known.has(number)),
    [],
  )
})

t.test('a section that is not there is found', async t => {
  t.strictSame(cited('/** As ipvs-behaviour.md §2.5, §99\n * and §3.1 say; §7 of another one. */'), [
    '2.5',
    '99',
    '3.1',
  ])
  t.strictSame([...sections('## 2. Services\n### 2.5 Thresholds **[V]**\ntext 9. no')], ['2', '2.5'])
})

t.test('the links between documents lead somewhere', async t => {
  for (const path of files(/\.md$/)) {
    const links = [...read(path).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link]) => link!)
    for (const link of links.filter(link => !/^[a-z]+:/.test(link))) {
      const target = posix.join(posix.dirname(path), link)
      t.doesNotThrow(() => readFileOrFolder(target), `${path} → ${link}`)
    }
  }
})

t.test('the documents name files of the tree that are there', async t => {
  const tree = files(/./)
  let count = 0
  for (const path of files(/\.md$/).filter(path => path !== 'CHANGELOG.md')) {
    for (const [, name] of read(path).matchAll(/`([\w./-]+\.(?:ts|js|md|txt|json|yml|svg))`/g)) {
      if (!/^(\.|lowest|main\.js)/.test(name!)) t.ok(isNamed(tree, name!), `${path}: ${name}`)
      count++
    }
  }
  t.ok(count > 60, `${count} names`)
  t.notOk(isNamed(tree, 'src/conn/tables.ts'))
  t.notOk(isNamed(tree, 'able.ts'))
})

/** Whether a file of the tree has this path, or ends in it: 'conn/table.ts', 'table.ts'. */
function isNamed(tree: readonly string[], name: string): boolean {
  return tree.some(path => path === name || path.endsWith(`/${name}`))
}

t.test('README and ARCHITECTURE are short', async t => {
  const most = { 'README.md': 140, 'ARCHITECTURE.md': 120 }
  for (const [path, lines] of Object.entries(most)) t.ok(read(path).trimEnd().split('\n').length <= lines, path)
})

/** The rows that are wider than a terminal beside its neighbour. */
function wideRows(text: string): string[] {
  return text.split('\n').filter(row => row.length > 160)
}

t.test('a row of ARCHITECTURE and its pages is at most 160 columns wide', async t => {
  for (const path of ['ARCHITECTURE.md', ...files(/^docs\/architecture\/.*\.md$/)])
    t.strictSame(wideRows(read(path)), [], path)
  t.strictSame(wideRows(`${'a'.repeat(160)}\n${'b'.repeat(161)}`), ['b'.repeat(161)])
})

function readFileOrFolder(path: string): void {
  try {
    readFileSync(join(ROOT, path))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error
  }
}

t.test('where a page starts a director, its rules wait until it is there', async t => {
  for (const page of ['README.md', 'docs/director.md', 'docs/on-a-server.md']) {
    const commands = read(page)
      .split('\n')
      .filter(line => line.startsWith('    '))
    const start = commands.findIndex(line => line.endsWith('default=192.168.10.254 &') || /eth0 & {9,}#/.test(line))
    const [wait = '', rule = ''] = commands.slice(start + 1)
    t.ok(start > 0, page)
    t.match(wait, /^ {4}until uvsadm -Ln 2>\/dev\/null; do sleep \.2; done/, page)
    t.match(rule, /^ {4}uvsadm -A/, page)
  }
})
