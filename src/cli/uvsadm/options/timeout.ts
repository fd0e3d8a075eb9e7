import { CommandLineError } from '../failure.js'
import { readInteger } from './endpoint.js'

/** 31 days in seconds, the limit of -p and --set. */
export const TIMEOUT_MAX = 2678400

/** Seconds of -p and --set; only --set allows 0. */
export function readTimeout(text: string, least: 0 | 1): number {
  const seconds = readInteger(text, TIMEOUT_MAX)
  if (seconds === undefined || seconds < least) throw new CommandLineError(`invalid timeout value \`${text}' specified`)
  return seconds
}
