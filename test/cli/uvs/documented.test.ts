import { readFileSync } from 'node:fs'
import t from 'tap'
import { CONTROL } from '../../../src/cli/command.js'
import { optionsOf } from '../../../src/cli/option.js'
import { helpText, usageLines } from '../../../src/cli/uvs/command.js'
import { allCommands, commands } from '../../../src/cli/uvs/commands.js'
import { bashCompletion } from '../../../src/cli/uvs/completion/bash.js'
import { fishCompletion } from '../../../src/cli/uvs/completion/fish.js'
import { completionTables } from '../../../src/cli/uvs/completion/tables.js'
import { zshCompletion } from '../../../src/cli/uvs/completion/zsh.js'
import { uvsPage } from '../../../src/cli/uvs/man/man-uvs.js'
import { uvsadmPage } from '../../../src/cli/uvs/man/man-uvsadm.js'
import { commands as uvsadmCommands } from '../../../src/cli/uvsadm/commands/commands.js'
import { OPTIONS, SCHEDULERS } from '../../../src/cli/uvsadm/options/options.js'
import { schedulers } from '../../../src/sched/index.js'
import { FakeControl } from '../../support/fake-control.js'
import { uvsadm } from '../../../src/cli/uvsadm/run.js'

/* Whoever adds a command or an option finds here what it does not appear in. */

const all = await allCommands()
const tables = completionTables(all, uvsadmCommands)
const scripts = { bash: bashCompletion(tables), zsh: zshCompletion(tables), fish: fishCompletion(tables) }
const plain = (page: string): string =>
  page
    .replaceAll('\\-', '-')
    .replaceAll('\\(aq', "'")
    .replaceAll(/\\f[BIR]/g, '')
const pages = {
  uvs: plain(uvsPage(all, '1.2.3', '2025-01-31')),
  uvsadm: plain(uvsadmPage(uvsadmCommands, '1.2.3', '2025-01-31')),
}

/** `flag` stands there, and not only as the beginning of a longer one. */
function names(text: string, flag: string): boolean {
  return text
    .split(flag)
    .slice(1)
    .some(behind => !/^[\w-]/.test(behind))
}

t.test('each command of uvs: its name, its forms, its options', async t => {
  t.strictSame(
    all.map(({ name }) => name),
    Object.keys(commands),
  )
  for (const command of all) {
    const { name, forms } = command
    const [, part = ''] = pages.uvs.split(`.SS ${name}\n`)
    const section = part.split(/^\.S[SH]/m)[0]!
    for (const line of usageLines(command)) t.ok(section.includes(line.replaceAll('…', '...')), `man page: ${line}`)
    for (const [shell, script] of Object.entries(scripts)) t.ok(script.includes(`'${name}:`), `${shell}: ${name}`)
    for (const { flags, help } of optionsOf(forms))
      for (const flag of flags) {
        t.ok(names(helpText(command), flag), `help of ${name}: ${flag}`)
        t.ok(names(section, flag), `man page: ${name} ${flag}`)
        const known = tables.flags.filter(({ key }) => `${key} `.startsWith(`uvs ${name} `)).flatMap(row => row.offers)
        t.ok(known.includes(`${flag}:${help}`), `completion: ${name} ${flag}`)
      }
  }
})

t.test('each command and option of uvsadm', async t => {
  const known = tables.flags.filter(({ key }) => key.startsWith('uvsadm')).flatMap(row => row.offers)
  const { out: help } = await uvsadm(['-h'], new FakeControl())
  for (const { flags, help: text } of [...uvsadmCommands, ...OPTIONS])
    for (const flag of flags) {
      t.ok(names(help, flag), `help: ${flag}`)
      t.ok(names(pages.uvsadm, flag), `man page: ${flag}`)
      t.ok(known.includes(`${flag}:${text}`), `completion: ${flag}`)
    }
})

t.test('behind each command of uvsadm: what it needs, what it takes, and --control', async t => {
  for (const { flags, needs, takes } of uvsadmCommands) {
    const offers = tables.flags.find(({ key }) => key === `uvsadm:${flags[0]}`)?.offers ?? []
    const wanted = OPTIONS.filter(({ name }) => name && [...needs, ...takes].includes(name))
    for (const { flags: own } of [...wanted, CONTROL])
      t.ok(
        offers.some(offer => offer.startsWith(`${own[0]}:`)),
        `${flags[0]} ${own[0]}`,
      )
  }
})

t.test('what is offered to -s is what there is', async t => {
  t.strictSame(SCHEDULERS, [...schedulers.keys()])
})

t.test('docs/commands.md names each command', async t => {
  const document = readFileSync(new URL('../../../../docs/commands.md', import.meta.url), 'utf8')
  const rows = document.split('\n').filter(line => line.startsWith('| `'))
  for (const name of Object.keys(commands))
    t.ok(
      rows.some(row => names(row, `uvs ${name}`)),
      name,
    )
})
