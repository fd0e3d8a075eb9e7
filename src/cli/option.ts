/** A placeholder on a command line: the value of an option, or a word. */
export interface Value {
  /** The placeholder in usage, help and man page. */
  value: string
  /** The only values accepted. */
  choices?: readonly string[]
  /** Values that completion offers; others are accepted too. */
  examples?: readonly string[]
  /** Completion offers the existing ones. */
  is?: 'file' | 'interface' | 'service' | 'server'
}

/** An option, as used by help, completion, man page and the reader of the command line. */
export interface Option extends Partial<Value> {
  flags: readonly string[]
  /** Absent for an option without value. */
  value?: string
  help: string
  /** The value if none is given; undefined: a value is required. */
  otherwise?: string
  /** May be given more than once. */
  repeatable?: true
  required?: true
}

/** A word that belongs to no option. A fixed word is `word('start')`. */
export interface Word extends Value {
  optional?: true
  /** Any number of words. */
  repeatable?: true
  /** Takes the rest of the command line, options too: the command of `lab exec`. */
  rest?: true
}

/** One way to use a command. */
export interface Form {
  words: readonly Word[]
  options: readonly Option[]
}

/** A word that must be one of these. */
export function word(...choices: string[]): Word {
  return { value: choices.join('|'), choices }
}

/** With more optional options than this, a usage line says `[options]`. */
const FEW = 3

/** `up [MODE] [--io raw|tap]`, without the command's name in front. */
export function usageOf({ words, options }: Form): string {
  const optional = options.filter(option => !option.required)
  return [
    ...words.map(wordUsage),
    ...options.filter(option => option.required).map(optionUsage),
    ...(optional.length > FEW ? ['[options]'] : optional.map(option => `[${optionUsage(option)}]`)),
  ].join(' ')
}

function wordUsage({ value, optional, repeatable }: Word): string {
  return (optional ? `[${value}]` : value) + (repeatable ? '…' : '')
}

function optionUsage({ flags, value, repeatable }: Option): string {
  return flags[0]! + (value ? ` ${value}` : '') + (repeatable ? '…' : '')
}

/** The options of several forms, each once, as the first form defines it. */
export function optionsOf(forms: readonly Form[]): Option[] {
  const options = forms.flatMap(form => form.options)
  return options.filter(({ flags }, at) => options.findIndex(other => other.flags[0] === flags[0]) === at)
}
