import { jsonDocument } from '../json.js'
import type { Outcome } from '../../control/api.js'
import { print } from '../command.js'
import type { Finding } from '../lint/hazard.js'
import { findHazards } from '../lint/hazards.js'
import { RuleSetReader } from '../lint/read-rule-set.js'
import { type Names, systemNames } from '../uvsadm/names.js'
import type { UvsCommand } from './command.js'
import { parseMark } from './mark-option.js'
import { readOptions } from './read-options.js'
import { readRules } from './rules-file.js'

export const lint: UvsCommand = {
  name: 'lint',
  help: `Reads ipvsadm rules and says what they would do that is hardly meant.
FILE:LINE: HAZARD: what happens, what to do instead. - is standard input; blank lines and # comments are all right. No director
is asked. docs/lint.md has every hazard.
Status: 0 nothing found (what is only worth knowing, "info", does not count), 1 hazards, 2 the file cannot be read, or holds
a line that is no rule.`,
  forms: [
    {
      words: [{ value: 'FILE', is: 'file' }],
      options: [
        {
          flags: ['--mark'],
          value: "'PROTO CIDR:PORTS=N'",
          help: 'a mark that the director will be given',
          repeatable: true,
        },
        { flags: ['--json'], help: 'one JSON object' },
      ],
    },
  ],
  async run(args) {
    return print(await lintFile(args, systemNames()))
  },
}

/** `uvs lint` with its arguments. */
export async function lintFile(args: readonly string[], names: Names): Promise<Outcome> {
  const given = readOptions(lint, args)
  const file = given.words[0]!
  const marks = new Set(given.all('--mark').map(rule => parseMark(rule).mark))
  const findings = await lintLines(file, names, marks)
  const out = given.has('--json')
    ? jsonDocument('findings', findings)
    : findings.map(found => text(file, found)).join('')
  return { status: statusOf(findings), out, err: '' }
}

async function lintLines(file: string, names: Names, marks: ReadonlySet<number>): Promise<Finding[]> {
  const reader = new RuleSetReader(names)
  for (const rule of readRules(file, '')) await reader.read(rule)
  const { services, findings } = reader
  return [...findings, ...findHazards({ services, marks })].toSorted((a, b) => a.line - b.line)
}

function text(file: string, { line, hazard, severity, message }: Finding): string {
  return `${file}:${line}: ${hazard}: ${severity === 'info' ? '(info) ' : ''}${message}\n`
}

function statusOf(findings: readonly Finding[]): number {
  if (findings.some(({ hazard }) => hazard === 'not-a-rule')) return 2
  return findings.some(({ severity }) => severity === 'hazard') ? 1 : 0
}
