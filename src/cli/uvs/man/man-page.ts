import type { Option } from '../../option.js'

/* The part of man(7) that is needed: each function returns text for roff that ends with a newline. */

export interface Entry {
  term: string
  text: string
}

/** `date`: 2025-01-31. */
export function manPage(name: string, summary: string, version: string, date: string, sections: string[]): string {
  const head = `.TH ${name.toUpperCase()} 8 ${date} "uvs ${version}" "uvs"\n`
  return [head, section('NAME', `${name} \\- ${roff(summary)}\n`), ...sections].join('')
}

export function section(title: string, ...pieces: string[]): string {
  return `.SH ${title}\n${pieces.join('').replace(/^\.PP\n/, '')}` // a title begins a paragraph
}

export function subsection(title: string, ...pieces: string[]): string {
  return `.SS ${roff(title)}\n${pieces.join('')}`
}

/** A paragraph; line ends in the text are ignored. */
export function paragraph(text: string): string {
  return `.PP\n${roff(text)}\n`
}

/** Preformatted lines. */
export function verbatim(lines: readonly string[]): string {
  return `.PP\n.RS 4\n.nf\n${lines.map(line => `${roff(line)}\n`).join('')}.fi\n.RE\n`
}

/** The synopsis: a line for each form, the program's name bold. */
export function synopsis(lines: readonly string[]): string {
  const calls = lines.map(line =>
    line.replace(
      /^(\S+)( ?)(.*)$/,
      (_all, name: string, gap: string, rest: string) => `\\fB${roff(name)}\\fR${gap}${roff(rest)}`,
    ),
  )
  return `.nf\n${calls.join('\n')}\n.fi\n`
}

export function entries(list: readonly Entry[]): string {
  return list.map(({ term, text }) => `.TP\n${term}\n${roff(text)}\n`).join('')
}

/** The help text, and the allowed values if the placeholder does not show them. */
export function optionEntry({ flags, value, help, repeatable, choices, examples }: Option): Entry {
  const term = flags.map(bold).join(', ') + (value ? ` \\fI${roff(value)}\\fR` : '')
  const known = choices && choices.join('|') !== value ? `: ${choices.join(', ')}` : ''
  const some = examples ? `; ${examples.join(', ')}` : ''
  return { term, text: help + known + some + (repeatable ? ' (repeatable)' : '') }
}

export function bold(text: string): string {
  return `\\fB${roff(text)}\\fR`
}

/** Escapes text for roff: no requests, no escapes, dashes that can be copied. */
function roff(text: string): string {
  return text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll('…', '...')
    .replaceAll("'", String.raw`\(aq`)
    .replaceAll('`', String.raw`\(ga`)
    .replace(/^(?=\.)/gm, String.raw`\&`)
}
