import { UsageError } from '../../../director/usage-error.js'
import { type Form, type Option, usageOf } from '../../option.js'
import type { UvsCommand } from '../command.js'

/** The parsed command line: words in their order, values by an option's first flag. */
export class Given {
  readonly words: string[] = []
  readonly #values = new Map<string, string[]>()

  add({ flags, repeatable, value: form }: Option, value: string): void {
    const before = this.all(flags[0]!)
    if (before.length > 0 && !repeatable) {
      const both = form?.includes(',') ? `: write ${flags[0]} ${[...before, value].join()}` : ''
      throw new UsageError(`${flags[0]} is given twice${both}`)
    }
    this.#values.set(flags[0]!, [...before, value])
  }

  has(flag: string): boolean {
    return this.#values.has(flag)
  }

  one(flag: string): string | undefined {
    return this.#values.get(flag)?.[0]
  }

  all(flag: string): string[] {
    return this.#values.get(flag) ?? []
  }
}

type Readable = Pick<UvsCommand, 'name' | 'forms'>

/** Parses the command line by the matching form of the command. Pure. UsageError in one line for invalid input. */
export function readOptions(command: Readable, args: readonly string[]): Given {
  const form = formOf(command, args)
  const given = readWords(form, args, `(uvs ${command.name} --help)`)
  const missing = firstMissing(form, given)
  if (missing) throw new UsageError(`${missing} is missing: uvs ${command.name} ${usageOf(form)}`)
  return given
}

/** A form is recognized by its first word, or by an option that it requires. */
function formOf({ name, forms }: Readable, args: readonly string[]): Form {
  const [first] = args
  const found = forms.find(({ words, options }) => {
    if (words[0]?.choices && !words[0].optional) return first !== undefined && words[0].choices.includes(first)
    const flags = options.filter(option => option.required).flatMap(option => option.flags)
    return flags.length === 0 || flags.some(flag => args.some(arg => arg === flag || arg.startsWith(`${flag}=`)))
  })
  if (found) return found
  const given = first === undefined ? 'what to do' : `'${first}'`
  throw new UsageError(`${given}: ${forms.map(firstOf).join(', ')} (uvs ${name} --help)`)
}

function firstOf({ words, options }: Form): string {
  return words[0]?.value ?? options[0]!.flags[0]!
}

function readWords(form: Form, args: readonly string[], seeHelp: string): Given {
  const given = new Given()
  const rest = [...args]
  let onlyWords = false
  for (let text = rest.shift(); text !== undefined; text = rest.shift()) {
    if (text === '--' && !onlyWords) onlyWords = true
    else if (isOption(text) && !onlyWords) readOption(form.options, text, rest, given, seeHelp)
    else readWord(form, text, given, seeHelp)
    onlyWords ||= form.words[given.words.length - 1]?.rest ?? false
  }
  return given
}

function isOption(text: string): boolean {
  return text.startsWith('-') && text !== '-'
}

function readOption(options: readonly Option[], text: string, rest: string[], given: Given, seeHelp: string): void {
  const equals = text.startsWith('--') ? text.indexOf('=') : -1
  const flag = equals < 0 ? text : text.slice(0, equals)
  const option = options.find(({ flags }) => flags.includes(flag))
  if (!option) {
    const known = options.map(({ flags }) => flags.join(' ')).join(', ') || 'none'
    throw new UsageError(`${flag}: there is no such option; those there are: ${known} ${seeHelp}`)
  }
  if (option.value === undefined) {
    if (equals >= 0) throw new UsageError(`${flag} takes no value`)
    given.add(option, '')
    return
  }
  const value = equals < 0 ? valueOf(rest, option.otherwise) : text.slice(equals + 1)
  if (!value) throw new UsageError(`${flag} needs a value: ${flag} ${option.value}`)
  if (option.choices && !option.choices.includes(value))
    throw new UsageError(`${flag} '${value}': it may be ${option.choices.join(', ')}`)
  given.add(option, value)
}

/** A long option is never taken as a value, and no option as one that may be left out. */
function valueOf(rest: string[], otherwise: string | undefined): string | undefined {
  const isOther = rest[0] === undefined || rest[0].startsWith(otherwise === undefined ? '--' : '-')
  return isOther ? otherwise : rest.shift()
}

function readWord({ words }: Form, text: string, given: Given, seeHelp: string): void {
  const last = words.at(-1)
  const expected = words[given.words.length] ?? (last?.repeatable ? last : undefined)
  if (!expected) throw new UsageError(`'${text}': unexpected word ${seeHelp}`)
  if (expected.choices && !expected.choices.includes(text))
    throw new UsageError(`'${text}': it may be ${expected.choices.join(', ')} ${seeHelp}`)
  given.words.push(text)
}

function firstMissing({ words, options }: Form, given: Given): string | undefined {
  const missing = words.find(({ optional }, at) => !optional && at >= given.words.length)
  if (missing) return missing.value
  const option = options.find(({ required, flags }) => required && !given.has(flags[0]!))
  return option && [option.flags[0], option.value].join(' ').trim()
}
