import { type Form, optionsOf, usageOf } from '../option.js'

/** A command of `uvs`. Its file exports one; help, completion and man page are generated from it. */
export interface UvsCommand {
  name: string
  /** The first line says what it does, the other lines give details. */
  help: string
  /** The forms: each begins with its own word or requires an option; at most one form has neither. */
  forms: readonly Form[]
  /** Writes to standard output itself; returns the exit status. runUvs reports what it throws. */
  run(args: string[]): Promise<number>
}

/** A line for each form. */
export function usageLines({ name, forms }: UvsCommand): string[] {
  return forms.map(form => `uvs ${name} ${usageOf(form)}`.trimEnd())
}

/** The help below the usage: what the command does, and its options. */
export function helpText({ help, forms }: UvsCommand): string {
  const rows = optionsOf(forms).map(({ flags, value, help: text, repeatable }) => ({
    left: [flags.join(', '), ...(value ? [value] : [])].join(' '),
    text: repeatable ? `${text} (repeatable)` : text,
  }))
  const width = Math.max(0, ...rows.map(({ left }) => left.length)) + 2
  return [help, ...rows.map(({ left, text }) => left.padEnd(width) + text)].join('\n')
}
