import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { allCommands, commands } from '../../../src/cli/uvs/commands.js'

const MAIN = fileURLToPath(new URL('../../../src/cli/uvs/main.js', import.meta.url))
const COMMANDS = Object.keys(commands)

function uvs(...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    timeout: 120_000,
  })
  return { status, out: stdout, err: stderr }
}

t.test('help, asked for or not, shows every command and exits 0', async t => {
  const help = uvs('--help')
  t.equal(help.status, 0)
  t.equal(help.err, '')
  for (const name of COMMANDS) t.match(help.out, new RegExp(`^uvs ${name}\\b`, 'm'), name)
  for (const args of [[], ['-h'], ['help'], ['help', 'help'], ['help', '-h']])
    t.strictSame(uvs(...args), help, args.join(' ') || 'nothing')
})

t.test('where no more files can be opened a line says so', async t => {
  // The shell's limit: Node itself begins with 20, the program's own files do not.
  const { status, stderr } = spawnSync('sh', ['-c', `ulimit -n 20; exec "$0" "$1" --version`, process.execPath, MAIN], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] }, // a run that is watched would write a file, too
  })
  t.strictSame([status, stderr], [1, 'uvs: too many open files: the limit on open files (ulimit -n) is too low\n'])
})

t.test('help of one command is its own', async t => {
  const asked = COMMANDS.map(name => [name, '--help'])
  for (const args of [...asked, ['lab', '-h'], ['help', 'lab']]) {
    const name = args.find(word => COMMANDS.includes(word))
    const { status, out, err } = uvs(...args)
    t.strictSame([status, err], [0, ''], args.join(' '))
    t.match(out, new RegExp(`^(uvs ${name}\\b.*\\n)+\\n`), args.join(' '))
    t.ok(out.endsWith('\n'))
  }
})

t.test('the first line of a command’s help is a sentence', async t => {
  for (const { name, help } of await allCommands()) t.match(help.split('\n')[0], /(\.|man -l -)$/, name)
})

t.test('its version', async t => {
  for (const flag of ['--version', '-v']) t.match(uvs(flag), { status: 0, out: /^uvs \d+\.\d+\.\d+\n$/, err: '' }, flag)
})

t.test('a command that is not there: status 2, one line, with the ones there are', async t => {
  for (const name of ['nosuch', 'toString', '--verbose', 'Director'])
    t.strictSame(
      uvs(name),
      { status: 2, out: '', err: `uvs: there is no command '${name}': ${COMMANDS.join(', ')} (uvs --help)\n` },
      name,
    )
})

t.test('where native code cannot load, the command that needs it says so in one line and the others go on', async t => {
  const hook =
    'export async function resolve(s,c,next){if(s==="koffi")throw new Error("no koffi here");return next(s,c)}'
  const register = `import{register}from"node:module";register(${JSON.stringify(`data:text/javascript,${hook}`)})`
  const args = ['--import', `data:text/javascript,${register}`, MAIN]
  const run = (...more: string[]) =>
    spawnSync(process.execPath, [...args, ...more], { encoding: 'utf8', timeout: 120_000 })
  const director = run('director', '--raw', 'x', '--address', '10.0.0.1/24@x')
  t.strictSame([director.status, director.stdout, director.stderr], [1, '', 'uvs director: no koffi here\n'])
  t.equal(run('script', '--help').status, 0)
})

t.test('what would steer a terminal is shown as such', async t => {
  const { err } = uvs('explain', '--rules', '/dev/null', '\u001b[31m\u0007tcp')
  t.match(err, /^uvs explain: [^\n]+\n$/)
  // U+202E turns round what follows it.
  const { err: word } = uvs('verdicts', '\u001b[31m\u202e')
  t.match(word, "uvs verdicts: '\ufffd[31m\ufffd'")
  t.notMatch(err + word, /[^\P{Cc}\n]|\p{Bidi_C}/u)
})

t.test('a reader that stops early is no error', async t => {
  const line = `"${process.execPath}" "${MAIN}" --help | head -c 1; exit "\${PIPESTATUS[0]}"`
  const { status, stderr } = spawnSync('bash', ['-c', line], { encoding: 'utf8', timeout: 120_000 })
  t.strictSame([status, stderr], [0, ''])
})
