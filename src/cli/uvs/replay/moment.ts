import { readDuration } from '../options/duration.js'

/** The ms of `90`, `1.5s`, `250ms`, `5m`, `1h30m`; undefined for anything else, and for more than 31 days. */
export function readMoment(text: string): number | undefined {
  const [, number, unit = 's'] = /^(\d{1,9}(?:\.\d{1,9})?)(ms|s)?$/.exec(text) ?? []
  if (number === undefined) {
    const seconds = readDuration(text)
    return seconds === undefined ? undefined : seconds * 1000
  }
  const ms = Math.floor(Number(number) * (unit === 's' ? 1000 : 1))
  return readDuration(String(Math.ceil(ms / 1000))) === undefined ? undefined : ms
}
