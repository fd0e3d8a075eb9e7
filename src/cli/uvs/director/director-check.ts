import { UsageError } from '../../../director/options.js'
import { readOptions } from '../options/read-options.js'
import { CHECK, DIRECTOR_FORMS, parseDirectorOptions } from './director-options.js'

/** What `--check` asks for: a file, and the interfaces that count as there. */
export interface DirectorCheck {
  readonly file: string
  readonly interfaces: readonly string[]
}

const FLAG = CHECK.flags[0]!

/**
 * Reads a command line with `--check`: that of a director, whose options are checked too, or `--keepalived FILE` alone. Undefined: there
 * is no `--check`. Pure. UsageError for invalid input.
 */
export function parseDirectorCheck(args: readonly string[]): DirectorCheck | undefined {
  if (!args.includes(FLAG)) return undefined
  if (!args.some(arg => /^--keepalived(=|$)/.test(arg)))
    throw new UsageError(`${FLAG}: --keepalived FILE is missing: it is what is checked`)
  if (args.some(arg => /^--(raw|tap|libpcap)(=|$)/.test(arg))) {
    const asked = parseDirectorOptions(
      args.filter(arg => arg !== FLAG),
      0,
    )
    return { file: asked.keepalived!, interfaces: asked.devices.map(({ name }) => name) }
  }
  const given = readOptions({ name: 'director', forms: DIRECTOR_FORMS.slice(-1) }, args)
  return { file: given.one('--keepalived')!, interfaces: [] }
}
