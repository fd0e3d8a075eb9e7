import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { serveControl } from '../../../../src/control/socket/server.js'
import { BenchDirector } from '../../../support/bench-director.js'
import { runCommand } from '../../../support/run-command.js'
import { tempDir } from '../../../support/temp.js'
import { uvsadm } from '../../../../src/cli/uvsadm/run.js'

/** What a shell offers behind a line, and must not. A blank at the end begins the next word. */
interface Case {
  line: string
  offers: string[]
  not?: string[]
}

/** `SOCKET` and `DIR` stand for paths. */
const CASES: Case[] = [
  { line: 'uvs ', offers: ['director', 'lab', 'sysctl', 'help'], not: ['--help', 'nat'] },
  { line: 'uvs help l', offers: ['lab', 'lint'], not: ['drain', '--help'] },
  { line: 'uvs la', offers: ['lab'], not: ['director'] },
  {
    line: 'uvs lab ',
    offers: ['nat', 'dr', 'tun', 'fullnat', 'beside', 'all', 'up', 'exec', 'down'],
    not: ['director'],
  },
  { line: 'uvs lab nat --', offers: ['--io', '--json'], not: ['--control'] },
  { line: 'uvs lab nat --io ', offers: ['raw', 'tap', 'sim'] },
  { line: 'uvs lab up --io ', offers: ['raw', 'tap'], not: ['sim'] },
  { line: 'uvs lab up ', offers: ['nat', 'fullnat', 'beside'], not: ['all'] },
  { line: 'uvs director --raw ', offers: ['lo'] },
  { line: 'uvs director --rules DIR/ru', offers: ['DIR/rules'] },
  { line: 'uvs script DIR/ru', offers: ['DIR/rules'] },
  { line: 'uvs realserver stop -', offers: ['--vip'], not: ['--tun'] },
  { line: 'uvs sysctl sloppy_tcp drop_', offers: ['drop_entry', 'drop_packet'], not: ['sloppy_tcp'] },
  { line: 'uvs nosuch ', offers: [], not: ['lab'] },
  { line: 'uvsadm -', offers: ['-A', '-Z', '--add-laddr', '--set'], not: ['-t', '-s'] },
  { line: 'uvsadm ', offers: ['-A', '--list'], not: ['-t'] },
  { line: 'uvsadm -A -', offers: ['-t', '--scheduler', '--persistent'], not: ['-r', '-L'] },
  { line: 'uvsadm -A -t 10.0.0.9:80 -s l', offers: ['lc', 'lblc', 'lblcr'], not: ['rr'] },
  { line: 'uvsadm -A -t 10.0.0.9:80 -p -s w', offers: ['wrr', 'wlc'] },
  { line: 'uvsadm -Ln --', offers: ['--stats', '--thresholds'], not: ['--weight'] },
  { line: 'uvsadm -a -u x -r y -i --tun-type g', offers: ['gue', 'gre'] },
  { line: 'uvsadm -a -t ', offers: [], not: ['10.0.0.1:80'] },
  { line: 'uvsadm --control SOCKET -a -t ', offers: ['10.0.0.1:80', '10.0.0.2:81'], not: ['10.0.0.1:53'] },
  { line: 'uvsadm --control SOCKET -a -u ', offers: ['10.0.0.1:53'], not: ['10.0.0.1:80'] },
  { line: 'uvsadm --control=SOCKET -Z -f ', offers: ['7'], not: ['10.0.0.1:53'] },
  {
    line: 'uvsadm --control SOCKET -d -t 10.0.0.1:80 -r ',
    offers: ['192.168.0.1:80', '192.168.0.2:80'],
    not: ['192.168.0.3:81'],
  },
]

const RULES = [
  '-A -t 10.0.0.1:80',
  '-A -t 10.0.0.2:81',
  '-A -u 10.0.0.1:53',
  '-A -f 7',
  '-a -t 10.0.0.1:80 -r 192.168.0.1:80 -m',
  '-a -t 10.0.0.1:80 -r 192.168.0.2:80 -m',
  '-a -t 10.0.0.2:81 -r 192.168.0.3:81 -m',
]

interface Place {
  directory: string
  /** Has uvsadm on its path. */
  env: NodeJS.ProcessEnv
  script: string
}

/** A director with RULES, and the script of a shell. */
async function place(t: Test, shell: string): Promise<Place> {
  const directory = tempDir(t)
  mkdirSync(`${directory}/bin`)
  const main = fileURLToPath(new URL('../../../../src/cli/uvsadm/main.js', import.meta.url))
  writeFileSync(`${directory}/bin/uvsadm`, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, { mode: 0o755 })
  // A busy machine takes longer than a user would wait.
  writeFileSync(`${directory}/bin/timeout`, '#!/bin/sh\n[ "$1" = 2 ] && shift && exec "$@"\n', { mode: 0o755 })
  writeFileSync(`${directory}/rules`, '')
  const control = new BenchDirector().control
  for (const rule of RULES) t.match(await uvsadm(rule.split(' '), control), { status: 0 }, rule)
  const server = await serveControl(`${directory}/sock`, control)
  t.teardown(() => server.close())
  const { status, out, err } = await runCommand('completion', '', shell)
  t.strictSame([status, err], [0, ''])
  const script = `${directory}/script`
  writeFileSync(script, out)
  return {
    directory,
    env: { ...process.env, HOME: directory, PATH: `${directory}/bin:${process.env['PATH']}` },
    script,
  }
}

const run = promisify(execFile)

/** Shows the cases to a shell: `ask` answers the program and arguments that print what is offered behind a line. */
async function checkCases(
  t: Test,
  { directory, env }: Place,
  ask: (line: string) => [string, string[]],
): Promise<void> {
  const fill = (text: string): string => text.replace('SOCKET', `${directory}/sock`).replace('DIR', directory)
  for (const { line, offers, not = [] } of CASES) {
    const { stdout, stderr } = await run(...ask(fill(line)), { env })
    t.equal(stderr, '', line)
    const offered = stdout.split('\n')
    for (const each of offers) t.ok(offered.includes(fill(each)), `${line} → ${each}: ${offered.join(' ')}`)
    for (const each of not) t.notOk(offered.includes(each), `${line} ↛ ${each}: ${offered.join(' ')}`)
  }
}

function lacking(shell: string): string | false {
  return spawnSync(shell, ['-c', 'exit 0']).status === 0 ? false : `${shell} is not installed`
}

t.test('bash', async t => {
  const at = await place(t, 'bash')
  const script = `source '${at.script}'; COMP_WORDBREAKS=' '
    [[ $(complete -p uvs uvsadm) == *'-F _uvs_complete uvs'*'-F _uvs_complete uvsadm' ]] || exit 1
    COMP_LINE=$1 COMP_POINT=\${#1}; _uvs_complete; printf '%s\\n' "\${COMPREPLY[@]}"`
  await checkCases(t, at, line => ['bash', ['--norc', '-c', script, 'bash', line]])
})

t.test('bash replaces only what follows the last : or =', async t => {
  const { script, env, directory } = await place(t, 'bash')
  const offered = async (line: string): Promise<string> => {
    const code = `source '${script}'; COMP_LINE=$1 COMP_POINT=\${#1}; _uvs_complete; echo "\${COMPREPLY[*]}"`
    return (await run('bash', ['--norc', '-c', code, 'bash', line], { env })).stdout.trim()
  }
  t.equal(await offered(`uvsadm --control ${directory}/sock -a -t 10.0.0.1:`), '80')
  t.equal(await offered('uvs lab nat --io=t'), 'tap')
  t.equal(await offered('uvsadm -A -t 10.0.0.1:80 -b sh-fallback,sh-p'), 'sh-fallback,sh-port')
  t.equal(await offered('uvs director --raw eth0,l'), 'eth0,lo')
})

t.test('zsh', { skip: lacking('zsh') }, async t => {
  const at = await place(t, 'zsh')
  execFileSync('zsh', ['-n', at.script])
  // zsh's own completion functions need a terminal: here they print what they are given.
  const script = `compdef() { : }; compset() { : }; _files() { print -l -- $words[CURRENT]*(N) }
    compadd() { [[ $1 == -- ]] && shift; print -l -- "$@" }; _describe() { print -l -- \${\${(P)2}%%:*} }
    source '${at.script}'
    words=(\${(z)1}); [[ $1 == *' ' ]] && words+=(''); CURRENT=$#words; cur=$words[CURRENT]
    _uvs_complete | while read -r each; do [[ $each == $cur* ]] && print -r -- $each; done; :`
  await checkCases(t, at, line => ['zsh', ['-f', '-c', script, 'zsh', line]])
})

t.test('fish', { skip: lacking('fish') }, async t => {
  const at = await place(t, 'fish')
  const script = `source '${at.script}'; complete -C $argv[1] | string replace -r '\\t.*' ''; true`
  await checkCases(t, at, line => ['fish', ['--no-config', '-c', script, line]])
})
