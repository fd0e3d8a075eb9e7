import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { loadScheduler } from '../../src/plane/load-scheduler.js'
import { UsageError } from '../../src/director/options.js'
import { tempDir } from '../support/temp.js'

const GOOD = "export default { name: 'mine', bind: () => ({ schedule: () => undefined }) }\n"

/** What is wrong with a module, as behind its own URL; `URL/` is that of its folder. */
const WRONG: [what: string, text: string, message: string][] = [
  ['a mistake of syntax', `// mine\n${GOOD.replace('=>', '=>>')}`, ' cannot be loaded: line 2: Unexpected token '],
  ['the same of another module', "\nimport './bad.mjs'\n", ' cannot be loaded: URL/bad.mjs line 3: Unexpected token '],
  [
    'an import that is not there',
    "import { no } from './good.mjs'\n",
    ' cannot be loaded: line 1: The requested module',
  ],
  ['a throw', "\n\nthrow new RangeError('no\\nway')\n", ' cannot be loaded: line 3: no'],
  ['a throw of no error', 'throw undefined\n', ' cannot be loaded: undefined'],
  ['no such module', "import './none.mjs'\n", " cannot be loaded: Cannot find module '"],
  ['no default export', 'export const a = 1\n', ' has no default export { name, bind(service, random) }'],
  ['no bind', "export default { name: 'x' }\n", ' has no default export { name, bind(service, random) }'],
  ['no name', 'export default { bind() {} }\n', ': its name must be 1 to 15 letters'],
  ['a name that is taken', "export default { name: 'rr', bind() {} }\n", ": 'rr' is a built-in one's name"],
]

t.test('a module that is none is told in one line, with the place', async t => {
  const directory = tempDir(t)
  const base = pathToFileURL(`${directory}/`).href
  writeFileSync(`${directory}/good.mjs`, GOOD)
  writeFileSync(`${directory}/bad.mjs`, '\n\n)\n')
  t.equal((await loadScheduler(`${base}good.mjs`)).name, 'mine')
  for (const [at, [what, text, message]] of WRONG.entries()) {
    writeFileSync(`${directory}/${at}.mjs`, text)
    const url = `${base}${at}.mjs`
    const error: unknown = await loadScheduler(url).catch((error: unknown) => error)
    t.type(error, UsageError, what)
    const said = (error as Error).message
    t.ok(said.startsWith(`--scheduler: ${url}${message.replace('URL/', base)}`), said)
    t.notMatch(said, '\n', what)
  }
})

t.test('so is a file that is no module at all', async t => {
  const directory = tempDir(t)
  const base = pathToFileURL(`${directory}/`).href
  writeFileSync(`${directory}/users`, 'root:x:0:0\n')
  writeFileSync(`${directory}/mine.cjs`, "\nthrow new Error('no')\n")
  for (const name of ['mine.txt', 'mine.json']) writeFileSync(`${directory}/${name}`, '{}')
  const wrong = {
    '': 'it is a directory, not a module',
    none: 'no such file or directory',
    users: "line 1: Unexpected token ':'",
    'mine.cjs': 'line 2: no',
    'mine.txt': 'the name of a module ends with .js, .mjs or .cjs',
    'mine.json': 'the name of a module ends with .js, .mjs or .cjs',
  }
  for (const [name, why] of Object.entries(wrong))
    await t.rejects(loadScheduler(base + name), {
      name: 'UsageError',
      message: `--scheduler: ${base}${name} cannot be loaded: ${why}`,
    })
})
