import { type Form, optionsOf, usageOf } from '../option.js'

/** A command of `uvs`. Its file exports one; help, completion and man page are made of it. */
export interface UvsCommand {
  name: string
  /** The first line says what it does, the others what else is to be known. */
  help: string
  /** The ways to say it: each begins with a word of its own or with an option that it requires; one at most with neither. */
  forms: readonly Form[]
  /** Writes to standard output itself; answers the exit status. What it throws is reported by runUvs. */
  run(args: string[]): Promise<number>
}

/** A line for each form. */
export function usageLines({ name, forms }: UvsCommand): string[] {
  return forms.map(form => `uvs ${name} ${usageOf(form)}`.trimEnd())
}

/** Below the usage: what it does, and its options. */
export function helpText({ help, forms }: UvsCommand): string {
  const rows = optionsOf(forms).map(({ flags, value, help: text, repeatable }) => ({
    left: [flags.join(', '), ...(value ? [value] : [])].join(' '),
    text: repeatable ? `${text} (repeatable)` : text,
  }))
  const width = Math.max(0, ...rows.map(({ left }) => left.length)) + 2
  return [help, ...rows.map(({ left, text }) => left.padEnd(width) + text)].join('\n')
}
