import { UsageError } from '../../director/options.js'
import type { Outcome } from '../../control/api.js'
import { print } from '../command.js'
import type { Finding } from '../lint/hazard.js'
import { findHazards } from '../lint/hazards.js'
import { RuleSetReader } from '../lint/read-rule-set.js'
import { type Names, systemNames } from '../uvsadm/names.js'
import type { UvsCommand } from './command.js'
import { parseMark } from './mark-option.js'
import { readRules } from './rules-file.js'

const OPTIONS = [
  { flags: ['--mark'], value: "'PROTO CIDR:PORTS=N'", help: 'a mark that the director will be given; repeatable' },
  { flags: ['--json'], help: 'one JSON object' },
] as const

export const lint: UvsCommand & { options: typeof OPTIONS } = {
  name: 'lint',
  usage: 'lint FILE [--mark RULE …] [--json]',
  options: OPTIONS,
  help: [
    'Reads ipvsadm rules (FILE, or - for standard input; blank lines and # comments too) and says what they would do that is',
    'hardly meant: FILE:LINE: HAZARD: what happens, what to do instead. No director is asked. docs/lint.md has every hazard.',
    ...OPTIONS.map(
      option => `${option.flags[0]}${'value' in option ? ` ${option.value}` : ''}`.padEnd(28) + option.help,
    ),
    'Status: 0 nothing found (what is only worth knowing, "info", does not count), 1 hazards, 2 the file cannot be read, or',
    'holds a line that is no rule.',
  ].join('\n'),
  async run(args) {
    return print(await lintFile(args, systemNames()))
  },
}

/** `uvs lint` with its arguments. */
export async function lintFile(args: readonly string[], names: Names): Promise<Outcome> {
  try {
    const { file, json, marks } = parseLint(args)
    const findings = await lintLines(file, names, marks)
    const out = json
      ? `${JSON.stringify({ version: 1, file, findings })}\n`
      : findings.map(found => text(file, found)).join('')
    return { status: statusOf(findings), out, err: '' }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return { status: 2, out: '', err: `uvs lint: ${error.message}\n` }
  }
}

async function lintLines(file: string, names: Names, marks: ReadonlySet<number>): Promise<Finding[]> {
  const reader = new RuleSetReader(names)
  for (const rule of readRules(file, '')) await reader.read(rule)
  const { services, findings } = reader
  return [...findings, ...findHazards({ services, marks })].toSorted((a, b) => a.line - b.line)
}

function parseLint(args: readonly string[]): { file: string; json: boolean; marks: Set<number> } {
  const words = [...args]
  const marks = new Set<number>()
  let file: string | undefined
  let json = false
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--json') json = true
    else if (word === '--mark' || word.startsWith('--mark=')) {
      const rule = word === '--mark' ? words.shift() : word.slice('--mark='.length)
      if (!rule) throw new UsageError("--mark needs a value: --mark 'PROTO CIDR:PORTS=N'")
      marks.add(parseMark(rule).mark)
    } else if (word !== '-' && word.startsWith('-'))
      throw new UsageError(`'${word}': there is no such option (uvs lint --help)`)
    else if (file !== undefined) throw new UsageError(`'${word}': unexpected word: one file at a time`)
    else file = word
  }
  if (file === undefined) throw new UsageError('which file? uvs lint FILE, or - for standard input')
  return { file, json, marks }
}

function text(file: string, { line, hazard, severity, message }: Finding): string {
  return `${file}:${line}: ${hazard}: ${severity === 'info' ? '(info) ' : ''}${message}\n`
}

function statusOf(findings: readonly Finding[]): number {
  if (findings.some(({ hazard }) => hazard === 'not-a-rule')) return 2
  return findings.some(({ severity }) => severity === 'hazard') ? 1 : 0
}
