import type { Control, Outcome, Reply } from '../../control/api.js'
import { connectControl, Unreachable } from '../../control/client.js'
import { print, takeControl } from '../command.js'
import { jsonDocument } from '../json.js'
import type { UvsCommand } from './command.js'

const PREFIX = 'net.ipv4.vs.'

export const sysctl: UvsCommand = {
  name: 'sysctl',
  usage: 'sysctl -a [--json] | [-w] NAME[=VALUE] … [--control PATH]',
  help: `show and set the kernel's ${PREFIX}… of the director; names go without that too. -a shows all`,
  async run(args) {
    const { path, rest } = takeControl(args)
    if (path === undefined) return print(usageError(`usage: uvs ${sysctl.usage}`))
    const control = connectControl(path)
    const outcome = await runSysctl(rest, control)
    control.close()
    return print(outcome)
  },
}

/** `uvs sysctl` with its arguments (--control taken out). */
export async function runSysctl(args: readonly string[], control: Control): Promise<Outcome> {
  const words = args[0] === '-w' ? args.slice(1) : args
  if (words.length === 0) return usageError(`usage: uvs ${sysctl.usage}`)
  try {
    if (args[0] === '-a') {
      const wrong = args.slice(1).find(arg => arg !== '--json')
      if (wrong !== undefined)
        return usageError(`uvs sysctl: -a: '${wrong}': unexpected word, only --json goes with it`)
      return await allSysctls(control, args.length > 1)
    }
    for (const word of words) {
      if (word.startsWith('-')) return usageError(`uvs sysctl: '${word}': there is no such option (uvs sysctl --help)`)
      if (!/^[!-~]+$/.test(assignment(word).name))
        return usageError(`uvs sysctl: ${JSON.stringify(word)}: that is no sysctl's name`)
      if (args[0] === '-w' && !word.includes('=')) return usageError(`uvs sysctl: -w: '${word}' is not NAME=VALUE`)
    }
    return await sysctlWords(control, words, {
      unknown: name => `uvs sysctl: there is no sysctl ${PREFIX}${name}`,
      refused: (_name, message) => `uvs sysctl: ${message}`,
    })
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    return { status: 1, out: '', err: `uvs sysctl: ${error.message}\n` }
  }
}

function usageError(message: string): Outcome {
  return { status: 2, out: '', err: `${message}\n` }
}

/** As `sysctl -a --pattern '^net.ipv4.vs'`. */
export async function allSysctls(control: Control, json = false): Promise<Outcome> {
  const reply = await control.call({ op: 'sysctls' })
  if (!reply.ok) return { status: 1, out: '', err: `uvs sysctl: ${reply.message}\n` }
  const out = json
    ? jsonDocument(
        'sysctls',
        reply.value.map(([name, value]) => ({ name: PREFIX + name, value })),
      )
    : reply.value.map(([name, value]) => line(name, value)).join('')
  return { status: 0, out, err: '' }
}

/** What is said of a name that there is not, and of a value that is refused. One line each. */
export interface SysctlTexts {
  unknown(name: string): string
  refused(name: string, message: string): string
}

/**
 * Each word in turn: `NAME` is shown, `NAME=VALUE` set. As sysctl(8) does, it goes on after one that is refused, and shows a
 * value that it has set as it was given, whatever the kernel makes of it: `sloppy_tcp=0x1` shows 0x1.
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
