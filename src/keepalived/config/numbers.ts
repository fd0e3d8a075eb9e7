import type { Parser } from './parser.js'

/** What a number may be. */
export interface Bounds {
  readonly least: number
  readonly most: number
}

const MOST_UNSIGNED = 4_294_967_295
const MOST_SIGNED = 2_147_483_647

/** An unsigned number, decimal, with leading zeros or a plus at will; an empty word is 0. Undefined: told, and not in `bounds`. */
export function unsignedOf(text: string, { least, most }: Bounds, parser: Parser): number | undefined {
  const range = `allowed: ${least} to ${most}`
  if (/^-\d+$/.test(text)) return refuse(parser, `negative number '${text}'`, range)
  if (text !== '' && !/^\+?\d+$/.test(text)) return refuse(parser, `invalid number '${text}'`, range)
  const value = Number(text)
  if (value > MOST_UNSIGNED) return refuse(parser, `number '${text}' outside unsigned integer range`, range)
  if (value < least || value > most) return refuse(parser, `number '${text}' outside range [${least}, ${most}]`, range)
  return value
}

/** The port behind an address of a server or service: 0 is as good as none, though what is told of others says 1 to 65535. */
export function portOf(text: string, parser: Parser): number | undefined {
  return /^\+?0+$/.test(text) ? 0 : unsignedOf(text, { least: 1, most: 65_535 }, parser)
}

/** A number with a sign. */
export function signedOf(text: string, { least, most }: Bounds, parser: Parser): number | undefined {
  const range = `allowed: ${least} to ${most}`
  if (text !== '' && !/^[+-]?\d+$/.test(text)) return refuse(parser, `invalid number '${text}'`, range)
  const value = Number(text)
  if (value > MOST_SIGNED || value < -MOST_SIGNED - 1)
    return refuse(parser, `number '${text}' outside integer range`, range)
  if (value < least || value > most) return refuse(parser, `number '${text}' outside range [${least}, ${most}]`, range)
  return value
}

/** What a time may be, in seconds unless `unit` names another, and with how many places messages write it. */
export interface TimeBounds extends Bounds {
  readonly places?: number
  readonly unit?: string
}

/** Seconds with up to six decimal places → milliseconds. A seventh place is told and rounded. */
export function millisecondsOf(text: string, bounds: TimeBounds, parser: Parser): number | undefined {
  const { least, most, places = 6, unit = 'seconds' } = bounds
  const [from, to] = places === 0 ? [`${least}.`, `${most}.`] : [least.toFixed(places), mostText(most, places)]
  const range = `allowed: ${Number(from)} to ${to.replace(/\.0*$|(?<=\.\d*)0+$/, '')} ${unit}${places === 0 ? '' : ', with a dot'}`
  if (/^-(\d+\.?\d*|\.\d+)$/.test(text)) return refuse(parser, `negative number '${text}'`, range)
  if (text !== '' && !/^\+?(\d+\.?\d*|\.\d+)$/.test(text)) return refuse(parser, `invalid number '${text}'`, range)
  const decimals = text.split('.')[1]?.length ?? 0
  if (decimals > places) parser.error(`number '${text}' has too many decimal places`, `at most ${places} count`)
  const value = Number(Number(text).toFixed(places))
  if (value < least || value > most) return refuse(parser, `number '${text}' outside range [${from}, ${to}]`, range)
  return Math.round(value * 1e6) / 1000
}

/** 2^64 microseconds less two, which a double cannot hold. */
export const MOST_SECONDS = 18_446_744_073_709.55

function mostText(most: number, places: number): string {
  return most === MOST_SECONDS ? '18446744073709.551614' : most.toFixed(places)
}

function refuse(parser: Parser, text: string, help: string): undefined {
  parser.error(text, help)
  return undefined
}

/** on, true, yes: true. off, false, no: false. No word: true. Undefined: another word. */
export function booleanOf(word: string | undefined): boolean | undefined {
  if (word === undefined || /^(on|true|yes)$/.test(word)) return true
  return /^(off|false|no)$/.test(word) ? false : undefined
}
export const BOOLEANS = 'allowed: on, true, yes, off, false, no; alone it means on'
