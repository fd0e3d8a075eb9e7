import { CONTROL } from '../../command.js'
import type { Command } from '../command.js'
import { OPTIONS } from '../options/options.js'

/** The width of the help, in columns. */
const WIDTH = 118

/** `commands` is a function because help is one of them. */
export function helpCommand(commands: () => readonly Command[]): Command<object> {
  return {
    name: 'help',
    flags: ['-h', '--help'],
    usage: '-h',
    help: 'this text',
    needs: [],
    takes: [],
    immediate: true,
    parse: () => ({}),
    run: async () => helpText(commands()),
  }
}

function helpText(commands: readonly Command[]): string {
  const options = [...OPTIONS, CONTROL].map(({ flags, value, help }) => ({
    flags: value ? [...flags, value] : flags,
    help,
  }))
  return `Usage:
${commands.map(command => fold(`  uvsadm ${command.usage}`)).join('')}
Commands:
${table(commands)}
Options:
${table(options)}
Arguments, output and exit status are ipvsadm's.
`
}

function table(rows: readonly { flags: readonly string[]; help: string }[]): string {
  return rows.map(row => `  ${row.flags.join(' ').padEnd(36)} ${row.help}\n`).join('')
}

/** Wraps a line. */
function fold(line: string): string {
  if (line.length <= WIDTH) return `${line}\n`
  const at = line.lastIndexOf(' ', WIDTH)
  return `${line.slice(0, at)}\n${fold(`${' '.repeat(12)}${line.slice(at + 1)}`)}`
}
