import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import ts from 'typescript'

/* What ships is what runs: `npm pack` carries what the commands and the library's user reach, and what is read by people. */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')

interface Manifest {
  bin: Record<string, string>
  man: string[]
  exports: Record<string, { types: string; default: string }>
  dependencies: Record<string, string>
}
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest

/** 'dist/src/index.js' and 'dist/src/index.d.ts' → 'src/index.ts'. */
const sourceOf = (built: string): string => built.replace(/^(\.\/)?dist\//, '').replace(/(\.d\.ts|\.js)$/, '.ts')
const hasSource = (path: string): boolean => existsSync(join(ROOT, sourceOf(path)))

/** What npm would pack of the build as it is; what an older build has left in dist is none of it. */
function packed(): string[] {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const out = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const [{ files }] = JSON.parse(out) as [{ files: { path: string }[] }]
  const paths = files.map(({ path }) => path)
  return paths.filter(path => !/^dist\/(?!web\/).*\.[jt]s$/.test(path) || hasSource(path))
}

/** The project's files that one names: by import, `ours('…')` (a program of the labs) or `new URL('…', import.meta.url)`. */
function named(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const beside = [
    ...ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName),
    ...[...text.matchAll(/new URL\('([^']+\.js)', import\.meta\.url\)/g)].map(([, file]) => `./${file}`),
  ]
  const programs = [...text.matchAll(/\bours\('([^']+\.js)'\)/g)].map(([, file]) => sourceOf(file!))
  const found = beside.filter(file => file.startsWith('.')).map(file => posix.join(posix.dirname(path), file))
  return [...found.map(sourceOf), ...programs]
}

function reached(from: readonly string[]): Set<string> {
  const seen = new Set(from)
  for (const path of seen) for (const next of named(path)) if (hasSource(next)) seen.add(next)
  return seen
}

const entries = [...Object.values(manifest.bin), ...Object.values(manifest.exports).map(entry => entry.default)]
const files = packed()

t.test('every program and every file that one of ours needs ships, and no other', async t => {
  const runs = reached(entries.map(sourceOf))
  const ships = new Set(files.filter(path => /^dist\/(?!web\/).*\.js$/.test(path)).map(sourceOf))
  t.ok(runs.size > 100, `${runs.size} files run`)
  t.strictSame(
    [...runs].filter(path => !ships.has(path)),
    [],
    'needed, and not packed',
  )
  t.strictSame(
    [...ships].filter(path => !runs.has(path)),
    [],
    'packed, and needed by nothing',
  )
})

/** The declarations that those of these need, as they were built: of a source's imports only types are left there. */
function declared(from: readonly string[]): string[] {
  const seen = new Set(from)
  for (const path of seen) {
    const imported = ts.preProcessFile(readFileSync(join(ROOT, path), 'utf8'), true, true).importedFiles
    for (const { fileName } of imported)
      if (fileName.startsWith('.')) seen.add(posix.join(posix.dirname(path), fileName).replace(/\.[jt]s$/, '.d.ts'))
  }
  return [...seen]
}

t.test('the library’s types are whole', async t => {
  const wanted = declared(Object.values(manifest.exports).map(entry => posix.normalize(entry.types)))
  t.ok(wanted.length > 50, `${wanted.length} declarations`)
  t.strictSame(
    wanted.filter(path => !files.includes(path)),
    [],
  )
})

t.test('man pages, documents, the labs’ drawing; no maps, benches or tests', async t => {
  for (const path of [
    'netns-lab/topology.txt',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'docs/lint.md',
    'examples/simulate/wrr-3-to-1.yaml',
    'docs/on-a-server.md',
    'packaging/bird/director.conf',
    'packaging/bird/router.conf',
    'packaging/uvs.default',
    'packaging/uvs.service',
    ...manifest.man,
  ])
    t.ok(files.includes(path), path)
  const folders = /^(dist\/(src|native-free|netns-lab|man|web)|docs|examples|monitoring|packaging)\//
  const strange = files.filter(path => path.includes('/') && !folders.test(path) && path !== 'netns-lab/topology.txt')
  t.strictSame(strange, [])
  const unwanted = files.filter(path => /\.map$|(^|\/)(bench|test|uml)\/.*\.js$|\btest\b/.test(path))
  t.strictSame(unwanted, [])
})

t.test('the dashboard ships whole, and is small', async t => {
  const page = readFileSync(join(ROOT, 'dist/web/index.html'), 'utf8')
  const loaded = [...page.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, path]) => `dist/web/${path}`)
  t.match(loaded.join(' '), /\.js .*\.css/)
  for (const path of loaded) t.ok(files.includes(path), path)
  const sizes = [page, ...loaded.map(path => readFileSync(join(ROOT, path)))].map(text => gzipSync(text).length)
  const sum = sizes.reduce((all, size) => all + size, 0)
  t.ok(sum <= 200_000, `${sum} octets, gzipped`)
})

t.test('few packages are installed beside it', async t => {
  t.strictSame(Object.keys(manifest.dependencies).sort(), [
    'ipaddr.js',
    'koffi',
    'lru-cache',
    'prom-client',
    'uplot',
    'yaml',
  ])
})
