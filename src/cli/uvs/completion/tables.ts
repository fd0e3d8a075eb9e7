import { CONTROL } from '../../command.js'
import { type Option, optionsOf, type Value, type Word } from '../../option.js'
import type { Command } from '../../uvsadm/command.js'
import { OPTIONS } from '../../uvsadm/options/options.js'
import type { UvsCommand } from '../command.js'

/* A shell's completion walks the words of the line with four tables. It starts in the scope 'uvs' or 'uvsadm'; a word
 * can lead to another scope ('uvs lab', then 'uvs lab up'; 'uvsadm -A'). Offers are a list: 'word', 'word:description',
 * or one of @file, @interface, @service, @service:FLAG (the start of its rule), @server, which the shell looks up. */

/** 'scope word' → one scope or a list of offers; `begins`: match a prefix, as -L matches -Ln. */
export interface Row {
  key: string
  begins?: true
  offers: readonly string[]
}

export interface Tables {
  /** Scope and word → the scope that it leads to. */
  enter: readonly Row[]
  /** Scope and option → offers for its value. No row: the option has no value. */
  takes: readonly Row[]
  /** Scope and position of a word in it, from 1 → offers for the word. */
  words: readonly Row[]
  /** Scope → its options. */
  flags: readonly Row[]
}

interface Scope {
  name: string
  /** Keys of `enter` that lead to this scope. */
  from: readonly Omit<Row, 'offers'>[]
  options: readonly Option[]
  words: readonly Word[]
  /** Descriptions of the words, where there are any. */
  described?: readonly string[]
}

const HELP: Option = { flags: ['--help', '-h'], help: 'what it does' }

export function completionTables(uvs: readonly UvsCommand[], uvsadm: readonly Command[]): Tables {
  const scopes = [
    uvsRoot(uvs),
    helpScope(uvs),
    ...uvs.flatMap(commandScopes),
    uvsadmRoot(uvsadm),
    ...uvsadm.map(uvsadmScope),
  ]
  return {
    enter: scopes.flatMap(({ name, from }) => from.map(row => ({ ...row, offers: [name] }))),
    takes: scopes.flatMap(({ name, options }) => options.flatMap(option => valueRows(name, option))),
    words: scopes.flatMap(wordRows),
    flags: scopes.map(({ name, options }) => ({ key: name, offers: options.flatMap(describeFlags) })),
  }
}

function uvsRoot(commands: readonly UvsCommand[]): Scope {
  const described = [
    ...commands.map(({ name, help }) => `${name}:${help.split('\n')[0]}`),
    'help:what a command does, or all of them',
  ]
  return { name: 'uvs', from: [], options: [HELP], words: [{ value: 'COMMAND' }], described }
}

function helpScope(commands: readonly UvsCommand[]): Scope {
  const choices = commands.map(({ name }) => name)
  return { name: 'uvs help', from: [{ key: 'uvs help' }], options: [], words: [{ value: 'COMMAND', choices }] }
}

/** A scope for the command, and one for each form that begins with its own word. */
function commandScopes({ name: command, forms }: UvsCommand): Scope[] {
  const name = `uvs ${command}`
  const from = [{ key: name }]
  const ofVerbs = forms.filter(form => form.words[0]?.choices)
  if (ofVerbs.length === 0) {
    const [words = []] = forms.map(form => form.words).toSorted((a, b) => b.length - a.length)
    return [{ name, from, options: [...optionsOf(forms), HELP], words }]
  }
  const verbs = ofVerbs.map(({ words, options }) => ({
    name: `${name} ${words[0]!.choices![0]}`,
    from: words[0]!.choices!.map(verb => ({ key: `${name} ${verb}` })),
    options,
    words: words.slice(1),
  }))
  const choices = ofVerbs.flatMap(({ words }) => words[0]!.choices!)
  return [{ name, from, options: [HELP], words: [{ value: 'what to do', choices }] }, ...verbs]
}

function uvsadmRoot(commands: readonly Command[]): Scope {
  return { name: 'uvsadm', from: [], options: [...commands, CONTROL], words: [] }
}

function uvsadmScope({ flags, needs, takes }: Command): Scope {
  const own = OPTIONS.filter(({ name }) => !name || needs.includes(name) || takes.includes(name))
  const from = flags.map(flag => ({ key: `uvsadm ${flag}`, ...(isShort(flag) && { begins: true as const }) }))
  return { name: `uvsadm:${flags[0]}`, from, options: [...own, CONTROL], words: [] }
}

function isShort(flag: string): boolean {
  return !flag.startsWith('--')
}

/** An optional word in brackets may be left out, so the next word's offers are listed too. */
function valueRows(scope: string, { flags, value, ...rest }: Option): Row[] {
  if (value === undefined || value.startsWith('[')) return []
  const offers = offersOf({ value, ...rest }, flags[0])
  return flags.map(flag => ({ key: `${scope} ${flag}`, offers }))
}

function wordRows({ name, words, described }: Scope): Row[] {
  return words.map((word, at) =>
    word.repeatable
      ? { key: `${name} `, begins: true, offers: offersOf(word) }
      : { key: `${name} ${at + 1}`, offers: described ?? offersOf(word) },
  )
}

function offersOf({ choices = [], examples = [], is }: Value, flag?: string): string[] {
  const found = is === 'service' && flag ? `@service:${flag}` : is && `@${is}`
  return [...choices, ...examples, ...(found ? [found] : [])]
}

function describeFlags({ flags, help }: Option): string[] {
  return flags.map(flag => `${flag}:${help}`)
}
