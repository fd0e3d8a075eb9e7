import type { Option } from '../../option.js'

/* Enough of man(7): text for roff to fill, each function a piece that ends with a line's end. */

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

/** A paragraph; the text's own line ends mean nothing. */
export function paragraph(text: string): string {
  return `.PP\n${roff(text)}\n`
}

/** Lines as they stand. */
export function verbatim(lines: readonly string[]): string {
  return `.PP\n.RS 4\n.nf\n${lines.map(line => `${roff(line)}\n`).join('')}.fi\n.RE\n`
}

/** How a program is called, a line each, its name bold. */
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

/** As in the help, and what may be said for its value where the placeholder does not tell. */
export function optionEntry({ flags, value, help, repeatable, choices, examples }: Option): Entry {
  const term = flags.map(bold).join(', ') + (value ? ` \\fI${roff(value)}\\fR` : '')
  const known = choices && choices.join('|') !== value ? `: ${choices.join(', ')}` : ''
  const some = examples ? `; ${examples.join(', ')}` : ''
  return { term, text: help + known + some + (repeatable ? ' (repeatable)' : '') }
}

export function bold(text: string): string {
  return `\\fB${roff(text)}\\fR`
}

/** Text for roff: no requests, no escapes, dashes that can be copied. */
function roff(text: string): string {
  return text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll('…', '...')
    .replaceAll("'", String.raw`\(aq`)
    .replaceAll('`', String.raw`\(ga`)
    .replace(/^(?=\.)/gm, String.raw`\&`)
}
