import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'
import { installPacked } from './packed.js'

/* The programs of docs/library.md, as its readers have them: the packed package, no koffi, no privileges needed. */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const text = readFileSync(join(ROOT, 'docs/library.md'), 'utf8')
const programs = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, program]) => program!)
// Elsewhere than below the project: its node_modules must not be found.
const folder = mkdtempSync(join(realpathSync(tmpdir()), 'uvs-library-'))
t.teardown(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
installPacked(folder)

const paths = programs.map((program, i) => {
  const path = join(folder, `program-${i + 1}.ts`)
  writeFileSync(path, program)
  return path
})

/** A user's settings. skipLibCheck is off: what ships must be whole. */
const SETTINGS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
}

function complaints(of: readonly string[]): string[] {
  const host = ts.createCompilerHost(SETTINGS)
  host.getCurrentDirectory = () => folder
  const found = ts.getPreEmitDiagnostics(ts.createProgram(of, SETTINGS, host))
  return found.map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
}

t.test('the programs keep to the types that ship', async t => {
  t.equal(programs.length, 3)
  const wrong = join(folder, 'wrong.ts')
  writeFileSync(wrong, "import { replay } from 'uvs/replay'\nawait replay({ rules: '' })\n")
  const found = complaints([...paths, wrong])
  t.match(found, [/wrong\.ts: .*'in' is missing/], 'and only a wrong one does not')
  t.equal(found.length, 1, found.join('\n'))
})

t.test('the programs run, one after the other', async t => {
  const said = [
    /\[ '10\.0\.1\.12:8080', '10\.0\.1\.11:8080', '10\.0\.1\.12:8080' \]/,
    /10\.0\.1\.11:80 .*750/,
    /verdict/,
  ]
  for (const [i, path] of paths.entries()) {
    const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
      compilerOptions: { ...SETTINGS, module: ts.ModuleKind.ESNext },
    })
    const program = path.replace(/\.ts$/, '.js')
    writeFileSync(program, outputText)
    const { status, stdout, stderr } = spawnSync(process.execPath, [program], { cwd: folder, encoding: 'utf8' })
    t.equal(status, 0, `program ${i + 1}: ${stderr}`)
    t.match(stdout, said[i]!)
  }
})

t.test('koffi is not there, and no export needs it', async t => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, object>
  }
  const names = Object.keys(exports).map(name => name.replace('.', 'uvs'))
  t.ok(names.length >= 5)
  const program = `
    const missing = await import('koffi').then(() => 'there', error => error.code)
    const found = await Promise.all(${JSON.stringify(names)}.map(name => import(name)))
    console.log(JSON.stringify([missing, ...found.map(module => Object.keys(module).length > 0)]))`
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: folder, encoding: 'utf8' })
  t.strictSame(JSON.parse(out), ['ERR_MODULE_NOT_FOUND', ...names.map(() => true)])
})

t.test('CommonJS has it by import()', async t => {
  const program = "import('uvs').then(({ Director }) => console.log(typeof Director))"
  const out = execFileSync(process.execPath, ['--input-type=commonjs', '-e', program], {
    cwd: folder,
    encoding: 'utf8',
  })
  t.equal(out, 'function\n')
})
