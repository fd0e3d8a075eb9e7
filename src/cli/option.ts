/** What stands on a command line for something that the user says: the value of an option, or a word. */
export interface Value {
  /** Stands for it in usage, help and man page. */
  value: string
  /** Nothing else is taken. */
  choices?: readonly string[]
  /** Completion offers them; others are taken too. */
  examples?: readonly string[]
  /** Completion offers those that there are. */
  is?: 'file' | 'interface' | 'service' | 'server'
}

/** An option, as help, completion, man page and the reader of the command line know it. */
export interface Option extends Partial<Value> {
  flags: readonly string[]
  /** Without `value` it takes none. */
  value?: string
  help: string
  /** May be given more than once. */
  repeatable?: true
  required?: true
}

/** A word that belongs to no option. One that is always the same is `word('start')`. */
export interface Word extends Value {
  optional?: true
  /** Any number of them. */
  repeatable?: true
  /** Takes all that follows, options too: the command of `lab exec`. */
  rest?: true
}

/** One way to say a command. */
export interface Form {
  words: readonly Word[]
  options: readonly Option[]
}

/** A word that must be one of these. */
export function word(...choices: string[]): Word {
  return { value: choices.join('|'), choices }
}

/** More optional options than this are `[options]` in a usage. */
const FEW = 3

/** `up [MODE] [--io raw|tap]`; in front of it belongs the command's name. */
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

/** Every option of some forms once, as the first of them has it. */
export function optionsOf(forms: readonly Form[]): Option[] {
  const options = forms.flatMap(form => form.options)
  return options.filter(({ flags }, at) => options.findIndex(other => other.flags[0] === flags[0]) === at)
}
