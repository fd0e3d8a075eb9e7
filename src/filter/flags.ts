import type { FrameFacts } from './frame-facts.js'
import { Answer, numberOf, type Test } from './primitives.js'
import { FilterError, type Words } from './words.js'

/** RFC 9293 §3.1, the names of pcap-filter(7). */
const FLAGS: Readonly<Record<string, number>> = {
  'tcp-fin': 1,
  'tcp-syn': 2,
  'tcp-rst': 4,
  'tcp-push': 8,
  'tcp-ack': 16,
  'tcp-urg': 32,
  'tcp-ece': 64,
  'tcp-cwr': 128,
}
const COMPARE: Readonly<Record<string, (one: number, other: number) => boolean>> = {
  '=': (one, other) => one === other,
  '==': (one, other) => one === other,
  '!=': (one, other) => one !== other,
  '>': (one, other) => one > other,
  '<': (one, other) => one < other,
  '>=': (one, other) => one >= other,
  '<=': (one, other) => one <= other,
}

/** `tcp[tcpflags] & (tcp-syn|tcp-fin) != 0`, `tcp[13] == 2`. */
export function flagsTest(words: Words): Test {
  words.expect('tcp')
  words.expect('[')
  const where = words.take('tcpflags')
  if (where !== 'tcpflags' && where !== '13')
    throw new FilterError(`'tcp[${where}]': of TCP's octets only the flags, tcp[tcpflags], may be asked for`)
  words.expect(']')
  const mask = words.takes('&') === undefined ? 0xff : value(words)
  const sign = words.take('a comparison')
  const compare = COMPARE[sign]
  if (!compare) throw new FilterError(`'${sign}': ${Object.keys(COMPARE).join(', ')} is expected`)
  const wanted = value(words)
  return facts => (facts.hasFlags ? ofFlags(facts, mask, flags => compare(flags, wanted)) : Answer.NO)
}

/** Whether flags are taken; of a flow, all that its packets may have. */
function ofFlags({ flags, openFlags }: FrameFacts, mask: number, takes: (flags: number) => boolean): Answer {
  const open = openFlags & mask
  const known = flags & mask & ~open
  const isFirst = takes(known)
  for (let some = open; some !== 0; some = (some - 1) & open) if (takes(known | some) !== isFirst) return Answer.PERHAPS
  return isFirst ? Answer.YES : Answer.NO
}

/** A number, a flag's name, or several joined by |, in parentheses or not. */
function value(words: Words): number {
  const isInner = words.takes('(') !== undefined
  let sum = one(words.take('a flag, such as tcp-syn, or a number'))
  while (words.takes('|') !== undefined) sum |= one(words.take('a flag, such as tcp-syn, or a number'))
  if (isInner) words.expect(')')
  return sum
}
function one(word: string): number {
  return FLAGS[word] ?? numberOf(word, 255, 'a flag, such as tcp-syn, or a number up to 255')
}
