import { number } from '../arguments.js'
import type { LogicalLine } from '../lines/logical-lines.js'
import type { Keyword, Table } from '../parser.js'
import type { UdpCheck } from '../tree/checker.js'
import { connection, timing, type Timing } from './checker-common.js'

export type UdpDraft = Omit<UdpCheck, keyof Timing> & Timing

/** Octets of one or two digits, blanks between; undefined: another character. `wild`: X stands for any digit. */
export function hexOf(words: readonly string[], wild: boolean): string | undefined {
  const digits = wild ? /^[0-9a-fx]+$/i : /^[0-9a-f]+$/i
  if (!words.every(word => digits.test(word))) return undefined
  return words.map(word => (word.length % 2 === 0 ? word : `${word.slice(0, -1)}0${word.slice(-1)}`)).join('')
}

const restOf = ({ words }: LogicalLine): string[] =>
  words
    .slice(1)
    .flatMap(word => word.split(/[ \t]+/))
    .filter(word => word !== '')

function length(name: 'min' | 'max', set: (checker: UdpDraft, value: number) => void): Keyword<UdpDraft> {
  return number({
    least: 0,
    most: 65_535,
    initial: name === 'min' ? '0' : '255',
    bad: text => `UDP_CHECK ${name} length ${text} not valid - must be between 0 & 65535`,
    set,
  })
}

export const UDP_KEYWORDS: Table<UdpDraft> = {
  ...timing<UdpDraft>(),
  ...connection<UdpDraft>(),
  payload: {
    takes: '<HEX>',
    takesAll: true,
    initial: '32 octets of a fixed text',
    read(line, checker, parser) {
      const given = restOf(line)
      const hex = hexOf(given, false)
      if (line.words.length < 2) parser.error('UDP_CHECK payload requires a payload')
      else if (hex === undefined || given.length === 0)
        parser.error('Invalid hex string for UDP_CHECK payload', 'allowed: hexadecimal digits and blanks')
      else checker.payload = Buffer.from(hex, 'hex')
    },
  },
  require_reply: {
    takes: '[<HEX>]',
    takesAll: true,
    initial: 'off',
    read(line, checker, parser) {
      const hex = hexOf(restOf(line), true)
      checker.requireReply = true
      if (hex === undefined)
        parser.error('Invalid hex string for UDP_CHECK reply', 'allowed: hexadecimal digits, X for any, blanks')
      else if (hex !== '') checker.reply = hex.toUpperCase()
    },
  },
  min_reply_length: length('min', (checker, value) => (checker.minReplyLength = value)),
  max_reply_length: length('max', (checker, value) => (checker.maxReplyLength = value)),
}
