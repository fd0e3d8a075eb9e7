import type { Definitions } from './definitions.js'
import { trim } from './quotes.js'

/** What a line with `~SEQ(…)` or `~LST(…)` in front asks for. */
export interface Repeat {
  /** The rest of the line. */
  readonly rest: string
  /** The variables and their values, for each time. */
  readonly rounds: readonly (readonly [name: string, value: string][])[]
}

/** More repetitions than this of one line are refused: keepalived has no bound. */
const MOST_ROUNDS = 65_536

/**
 * `~SEQ(N, 1, 3) REST`, `~SEQx` (hexadecimal), `~LST(N, a, b) REST`, `~LST({A, B}, {1, 2}, {3, 4}) REST`. Undefined: neither. A
 * list of texts: why it is refused.
 */
export function repeatOf(line: string): Repeat | string[] | undefined {
  const text = trim(line)
  const [, kind] = /^~(SEQx|SEQ|LST)/.exec(text) ?? []
  if (kind === undefined) return undefined
  const close = text.indexOf(')')
  const refused = `Invalid ~${kind.slice(0, 3)} specification '${text}'`
  if (text[1 + kind.length] !== '(') return [refused]
  if (close < 0) return [`~${kind.slice(0, 3)} parameter strings too long '${text}'`, refused]
  const inside = text.slice(2 + kind.length, close)
  const rest = trim(text.slice(close + 1))
  if (kind === 'LST') {
    const rounds = listRounds(inside)
    return rounds ? { rest, rounds } : [refused]
  }
  const rounds = sequenceRounds(inside, kind === 'SEQx')
  if (rounds === undefined) return [`Invalid ~SEQ definition '${text}'`, refused]
  return rounds.length > 0 ? { rest, rounds } : [`Invalid ~SEQ values '${text}'`, refused]
}

/** Undefined: not to be understood. Empty: it never ends. */
function sequenceRounds(inside: string, isHex: boolean): [string, string][][] | undefined {
  const [name = '', ...given] = inside.split(',').map(trim)
  const form = isHex ? /^[+-]?(0x)?[0-9a-f]+$/i : /^[+-]?\d+$/
  if (!/^[A-Za-z_]\w*$/.test(name) || given.length < 1 || given.length > 3) return undefined
  if (!given.every(text => form.test(text))) return undefined
  const numbers = given.map(text => (isHex ? Number.parseInt(text.replace(/0x/i, ''), 16) : Number(text)))
  const end = numbers.at(-1)!
  const start = numbers.length === 1 ? 1 : numbers[0]!
  const step = numbers.length === 3 ? numbers[1]! : end < start ? -1 : 1
  if (step === 0 || (end - start) / step < 0 || Math.abs((end - start) / step) > MOST_ROUNDS) return []
  const rounds: [string, string][][] = []
  for (let value = start; step > 0 ? value <= end : value >= end; value += step)
    rounds.push([[name, isHex ? value.toString(16) : String(value)]])
  return rounds
}

function listRounds(inside: string): [string, string][][] | undefined {
  const [first, ...values] = [...inside.matchAll(/\{([^}]*)\}|([^,{}]+)/g)]
    .filter(([text]) => trim(text) !== '')
    .map(([, group, single]) => (group ?? single ?? '').split(',').map(trim))
  if (!first || values.length === 0 || !first.every(name => /^[A-Za-z_]\w*$/.test(name))) return undefined
  return values.map(value => first.map((name, at) => [name, value[at] ?? '']))
}

/** Calls back for each round, with its variables set; they keep their last values. */
export function eachRound({ rounds }: Repeat, definitions: Definitions, run: () => void): void {
  for (const round of rounds) {
    for (const [name, value] of round) definitions.set(name, value)
    run()
  }
}
