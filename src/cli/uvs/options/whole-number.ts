import { UsageError } from '../../../director/options.js'

/** An option's value; undefined if it is not given. `allowed`: what may be given, for the UsageError. */
export function wholeNumber(
  option: string,
  text: string | undefined,
  least: number,
  most: number,
  allowed = 'a whole number',
): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d{1,12}$/.test(text) ? Number(text) : NaN
  if (!(value >= least && value <= most))
    throw new UsageError(`${option}: '${text}' is not ${allowed} from ${least} to ${most}`)
  return value
}
