import type { Control, Outcome, Reply } from '../../control/protocol/api.js'
import { UsageError } from '../../director/options.js'
import { sysctlNames } from '../../service/sysctls.js'
import { AS_JSON, CONTROL } from '../command.js'
import { jsonDocument } from '../json.js'
import type { UvsCommand } from './command.js'
import { type Given, readOptions } from './options/read-options.js'
import { withDirector } from './with-director.js'

const PREFIX = 'net.ipv4.vs.'

export const sysctl: UvsCommand = {
  name: 'sysctl',
  help: `Shows and sets the kernel's ${PREFIX}NAME of the director; names go without ${PREFIX} too.`,
  forms: [
    { words: [], options: [{ flags: ['-a'], required: true, help: 'show all' }, AS_JSON, CONTROL] },
    {
      words: [{ value: 'NAME[=VALUE]', repeatable: true, examples: sysctlNames }],
      options: [{ flags: ['-w'], help: 'set only: each must be NAME=VALUE' }, CONTROL],
    },
  ],
  async run(args) {
    const given = readOptions(sysctl, args)
    return withDirector(given, control => runSysctl(given, control))
  },
}

export async function runSysctl(given: Given, control: Control): Promise<Outcome> {
  if (given.has('-a')) return allSysctls(control, given.has('--json'))
  for (const word of given.words) {
    if (!/^[!-~]+$/.test(assignment(word).name))
      throw new UsageError(`${JSON.stringify(word)}: that is no sysctl's name`)
    if (given.has('-w') && !word.includes('=')) throw new UsageError(`-w: '${word}' is not NAME=VALUE`)
  }
  return sysctlWords(control, given.words, {
    unknown: name => `uvs sysctl: there is no sysctl ${PREFIX}${name}`,
    refused: (_name, message) => `uvs sysctl: ${message}`,
  })
}

/** Prints like `sysctl -a --pattern '^net.ipv4.vs'`. */
export async function allSysctls(control: Control, json = false): Promise<Outcome> {
  const reply = await control.call({ op: 'sysctls' })
  if (!reply.ok) return { status: 1, out: '', err: `uvs sysctl: ${reply.message}\n` }
  const named = reply.value.map(([name, value]) => ({ name: PREFIX + name, value }))
  const out = json ? jsonDocument('sysctls', named) : reply.value.map(([name, value]) => line(name, value)).join('')
  return { status: 0, out, err: '' }
}

/** The messages for an unknown name and for a refused value. One line each. */
export interface SysctlTexts {
  unknown(name: string): string
  refused(name: string, message: string): string
}

/**
 * Handles each word in turn: `NAME` prints a value, `NAME=VALUE` sets it. Like sysctl(8), it goes on after a refusal, and prints
 * a value that it has set as it was given, whatever the kernel makes of it: `sloppy_tcp=0x1` prints 0x1.
 */
export async function sysctlWords(control: Control, words: readonly string[], texts: SysctlTexts): Promise<Outcome> {
  const total: Outcome = { status: 0, out: '', err: '' }
  for (const word of words) {
    const { name, value } = assignment(word)
    const reply =
      value === undefined ? await valueOf(control, name) : await control.call({ op: 'set-sysctl', name, value })
    if (reply.ok) {
      total.out += line(name, value ?? reply.value)
    } else {
      total.status = 1
      total.err += `${reply.refusal === 'ENOENT' ? texts.unknown(name) : texts.refused(name, reply.message)}\n`
    }
  }
  return total
}

/** `net.ipv4.vs.drop_entry=1`, `net/ipv4/vs/drop_entry = 1`, `drop_entry=1`; `value` is undefined without `=`. */
function assignment(word: string): { name: string; value: string | undefined } {
  const equals = word.indexOf('=')
  const key = (equals < 0 ? word : word.slice(0, equals)).trim().replaceAll('/', '.')
  const name = key.startsWith(PREFIX) ? key.slice(PREFIX.length) : key
  return { name, value: equals < 0 ? undefined : word.slice(equals + 1).trim() }
}

async function valueOf(control: Control, name: string): Promise<Reply<'set-sysctl'>> {
  const reply = await control.call({ op: 'sysctls' })
  if (!reply.ok) return reply
  const value = new Map(reply.value).get(name)
  return value === undefined ? { ok: false, refusal: 'ENOENT', message: name } : { ok: true, value }
}

function line(name: string, value: string): string {
  return `${PREFIX}${name} = ${value}\n`
}
