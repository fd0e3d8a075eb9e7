/**
 * One step through argv in popt's manner. `text` is the argv element that ipvsadm quotes in its messages: the
 * last one taken, so for an option followed by its value, it is the value.
 */
export type Token =
  | { kind: 'option'; text: string; flag: string; value: string | undefined }
  | { kind: 'argument'; text: string }
  | { kind: 'problem'; text: string; problem: string }

/** Whether `flag` ('-n', '--numeric') takes a value. 'optional': the next argument unless it is an option. undefined: unknown. */
export type TakesValue = (flag: string) => boolean | 'optional' | undefined

/**
 * popt's grammar as ipvsadm shows it: `-Ln`, `-t X`, `-tX`, `-t=X`, `--tcp-service X`, `--tcp-service=X`, arguments
 * anywhere, `--` ends the options, no abbreviations. A value may begin with a dash: `-t -s` reads `-s` as the address.
 */
export function* popt(argv: readonly string[], takesValue: TakesValue): Generator<Token> {
  const rest = [...argv]
  for (let text = rest.shift(); text !== undefined; text = rest.shift()) {
    if (text === '--') {
      for (const argument of rest) yield { kind: 'argument', text: argument }
      return
    }
    if (text === '-' || !text.startsWith('-')) yield { kind: 'argument', text }
    else if (text.startsWith('--')) yield longOption(text, rest, takesValue)
    else yield* shortOptions(text, rest, takesValue)
  }
}

function longOption(text: string, rest: string[], takesValue: TakesValue): Token {
  const equals = text.indexOf('=')
  const flag = equals < 0 ? text : text.slice(0, equals)
  const takes = takesValue(flag)
  if (takes === undefined) return { kind: 'problem', text, problem: 'unknown option' }
  if (!takes && equals >= 0) return { kind: 'problem', text, problem: 'option does not take an argument' }
  if (!takes) return { kind: 'option', text, flag, value: undefined }
  return withValue(text, flag, equals < 0 ? undefined : text.slice(equals + 1), takes, rest)
}

function* shortOptions(text: string, rest: string[], takesValue: TakesValue): Generator<Token> {
  for (let at = 1; at < text.length; at++) {
    const flag = `-${text.charAt(at)}`
    const takes = takesValue(flag)
    if (takes === undefined) {
      yield { kind: 'problem', text, problem: 'unknown option' }
      return
    }
    if (!takes && text.charAt(at + 1) === '=') {
      yield { kind: 'problem', text, problem: 'option does not take an argument' }
      return
    }
    if (!takes) {
      yield { kind: 'option', text, flag, value: undefined }
      continue
    }
    const attached = text.slice(at + 1)
    yield withValue(text, flag, attached === '' ? undefined : attached.replace(/^=/, ''), takes, rest)
    return
  }
}

/** `attached`: the value within the same argv element, if any. */
function withValue(
  text: string,
  flag: string,
  attached: string | undefined,
  takes: true | 'optional',
  rest: string[],
): Token {
  if (attached !== undefined) return { kind: 'option', text, flag, value: attached }
  if (takes === 'optional' && (rest[0] === undefined || rest[0].startsWith('-')))
    return { kind: 'option', text, flag, value: undefined }
  const value = rest.shift()
  return value === undefined
    ? { kind: 'problem', text, problem: 'missing argument' }
    : { kind: 'option', text: value, flag, value }
}
