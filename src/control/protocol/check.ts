import { isIP, isIPv4 } from 'node:net'

/* Checks of a request's fields. The type of a field is derived from its check. */

/** Returns the value, without unknown fields, or throws Malformed. */
export type Check<T = unknown> = (found: unknown, where: string) => T
/** The same for an optional field. */
export type OptionalCheck<T> = Check<T | undefined> & { readonly isOptional: true }

export type Fields = Record<string, unknown>
export type Checks = Readonly<Record<string, Check>>

/** The type of an object that has passed these checks. */
export type Checked<C extends Checks> = {
  [K in keyof C as C[K] extends OptionalCheck<unknown> ? never : K]: C[K] extends Check<infer T> ? T : never
} & {
  [K in keyof C as C[K] extends OptionalCheck<unknown> ? K : never]?: C[K] extends OptionalCheck<infer T> ? T : never
}

/** The message is one line: which field is wrong, and what it is not. */
export class Malformed extends Error {}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function value<T>(what: string, test: (found: unknown) => boolean): Check<T> {
  return (found, where) => {
    if (!test(found)) throw new Malformed(`${where}: not ${what}`)
    return found as T
  }
}

export function text(what: string, test: (found: string) => boolean): Check<string> {
  return value(what, found => typeof found === 'string' && test(found))
}

export function integer(least: number, most: number): Check<number> {
  const test = (found: unknown): boolean => Number.isInteger(found) && Number(found) >= least && Number(found) <= most
  return value(`an integer from ${least} to ${most}`, test)
}

export function oneOf<T extends string>(...known: readonly T[]): Check<T> {
  return value(
    `one of ${known.join(', ')}`,
    found => typeof found === 'string' && (known as readonly string[]).includes(found),
  )
}

export function optional<T>(check: Check<T>): OptionalCheck<T> {
  const orNothing: Check<T | undefined> = (found, where) => (found === undefined ? undefined : check(found, where))
  return Object.assign(orNothing, { isOptional: true } as const)
}

/** Drops unknown fields. */
export function record<C extends Checks>(checks: C): Check<Checked<C>> {
  const fields = Object.entries(checks)
  return (found, where) => {
    if (!isFields(found)) throw new Malformed(`${where}: not an object`)
    const checked: Fields = {}
    for (const [name, check] of fields) {
      const field = check(Object.hasOwn(found, name) ? found[name] : undefined, `${where}.${name}`)
      if (field !== undefined) checked[name] = field
    }
    return checked as Checked<C>
  }
}

/** A list of at most `most` items. */
export function list<T>(check: Check<T>, most: number): Check<T[]> {
  return (found, where) => {
    if (!Array.isArray(found) || found.length > most) throw new Malformed(`${where}: not a list of at most ${most}`)
    return found.map((item, at) => check(item, `${where}[${at}]`))
  }
}

/** The largest unsigned and signed 32-bit numbers. */
export const UNSIGNED = 2 ** 32 - 1
export const POSITIVE = 2 ** 31 - 1
/** 31 days, ipvsadm's maximum. */
const SECONDS_MAX = 2_678_400

export type Protocol = 'tcp' | 'udp' | 'sctp'

export const protocol = oneOf<Protocol>('tcp', 'udp', 'sctp')
export const address = text('an address', found => isIP(found) !== 0)
export const port = integer(0, 65535)
export const seconds = integer(0, SECONDS_MAX)
export const flag: Check<boolean> = value('true or false', found => typeof found === 'boolean')
export const name = text('a name', found => /^[!-~]{1,255}$/.test(found))
export const cidr = text('an address or address/length', isCidr)
/** Where a page starts: a number, or a text that the director made (operations/service-page.ts). */
export const pageNumber = integer(0, Number.MAX_SAFE_INTEGER)
export const place = text('where a page starts', found => /^\d{1,3}(:\d{1,15}){1,2}$/.test(found))

function isCidr(found: string): boolean {
  const [at = '', length = '32', ...more] = found.split('/')
  return isIPv4(at) && /^\d{1,2}$/.test(length) && Number(length) <= 32 && more.length === 0
}
