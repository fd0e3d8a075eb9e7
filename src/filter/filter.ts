/*
 * Reads filters in the language of pcap-filter(7), as far as uvs knows it:
 *   [src|dst|src or dst|src and dst] host A, net A/B, port N, portrange N-M, or the address alone
 *   ip, arp, ip6, tcp, udp, icmp, igmp, sctp, vrrp, [ip] proto N; tcp port 80
 *   less N, greater N; tcp[tcpflags] & (tcp-syn|tcp-ack) != 0, tcp[13] == 2
 *   not, and, or (of equal rank, from the left), parentheses
 * A word alone repeats what stood before the last one: `port 80 or 443`.
 */
import { flagsTest } from './flags.js'
import {
  Answer,
  answer,
  host,
  named,
  net,
  numberOf,
  port,
  portRange,
  proto,
  PROTOCOLS,
  type Side,
  type Test,
} from './primitives.js'
import { FilterError, Words } from './words.js'

const MOST_OCTETS = 65_535
const MOST_DEEP = 64
const KINDS = ['host', 'net', 'port', 'portrange'] as const
type Kind = (typeof KINDS)[number]

const AFTER: Readonly<Record<Kind, string>> = {
  host: 'an IPv4 address after host',
  net: 'a block such as 10.0.0.0/8 after net',
  port: 'a port, 0 to 65535,',
  portrange: 'two ports such as 8000-8100 after portrange',
}

/** What stands before a value; no kind: an address. */
interface Qualifier {
  kind: Kind | undefined
  side: Side
  protocol: number | undefined
}

/** Whether a filter takes a frame, or those of a flow. FilterError, which names the word, for a filter that cannot be read; '' takes all. */
export function readFilter(text: string): Test {
  const words = new Words(text)
  if (words.next === undefined) return () => Answer.YES
  const reader = new Reader(words)
  const test = reader.expression(0)
  if (words.next !== undefined) throw new FilterError(`'${words.next}': and, or, or the filter's end is expected`)
  return test
}

class Reader {
  readonly #words: Words
  #last: Qualifier | undefined

  constructor(words: Words) {
    this.#words = words
  }

  /** Terms joined by and, or: of equal rank, from the left. */
  expression(depth: number): Test {
    if (depth > MOST_DEEP) throw new FilterError(`more than ${MOST_DEEP} parentheses, one in the other`)
    let test = this.#term(depth)
    for (;;) {
      const isAnd = this.#words.takes('and', '&&') !== undefined
      if (!isAnd && this.#words.takes('or', '||') === undefined) return test
      const [left, right] = [test, this.#term(depth)]
      test = isAnd ? both(left, right) : either(left, right)
    }
  }

  #term(depth: number): Test {
    const words = this.#words
    let isNot = false
    while (words.takes('not', '!') !== undefined) isNot = !isNot
    const test = this.#positive(depth)
    return isNot ? facts => (Answer.YES - test(facts)) as Answer : test
  }

  #positive(depth: number): Test {
    const words = this.#words
    if (words.takes('(') !== undefined) {
      const inner = this.expression(depth + 1)
      words.expect(')')
      return inner
    }
    if (words.next === 'tcp' && words.afterNext === '[') return flagsTest(words)
    const edge = words.takes('less', 'greater')
    if (edge !== undefined) return size(edge, words.take('a number of octets'))
    return this.#primitive()
  }

  #primitive(): Test {
    const words = this.#words
    const first = words.next
    let protocol: number | undefined
    if (first !== undefined && named(first)) {
      words.take('')
      if (first === 'ip' && words.takes('proto') !== undefined) return proto(words.take('a protocol'))
      // A protocol before a side or a kind belongs to it; else it stands for itself.
      if (!isQualifier(words.next)) return named(first)!
      protocol = PROTOCOLS[first]
    } else if (words.takes('proto') !== undefined) return proto(words.take('a protocol'))
    const side = this.#side()
    const kind = words.takes(...KINDS) as Kind | undefined
    if (protocol === undefined && side === undefined && kind === undefined) return this.#value(this.#bare())
    return this.#value((this.#last = { kind, side: side ?? 'or', protocol }))
  }

  /** src, dst, src or dst, src and dst. */
  #side(): Side | undefined {
    const words = this.#words
    const first = words.takes('src', 'dst') as 'src' | 'dst' | undefined
    if (first === undefined) return undefined
    const other = first === 'src' ? 'dst' : 'src'
    if (words.afterNext !== other) return first
    const joined = words.takes('or', 'and', '||', '&&')
    if (joined === undefined) return first
    words.expect(other)
    return joined === 'or' || joined === '||' ? 'or' : 'and'
  }

  /** Before a word alone: what stood before the last value; at the beginning, an address. */
  #bare(): Qualifier {
    return this.#last ?? { kind: undefined, side: 'or', protocol: undefined }
  }

  #value({ kind, side, protocol }: Qualifier): Test {
    const words = this.#words
    const expected = kind === undefined ? 'a protocol, host, net, port or an IPv4 address' : AFTER[kind]
    const word = words.take(expected)
    switch (kind) {
      case 'host':
      case undefined:
        return of(protocol, word.includes('/') ? net(word, words, side) : host(word, side, expected))
      case 'net':
        return of(protocol, net(word, words, side))
      case 'port':
        return port(word, side, protocol)
      case 'portrange':
        return portRange(word, side, protocol)
    }
  }
}

// Of three answers, as Kleene's logic has it: the lesser, the greater; `not` turns them round.
function both(left: Test, right: Test): Test {
  return facts => Math.min(left(facts), right(facts)) as Answer
}
function either(left: Test, right: Test): Test {
  return facts => Math.max(left(facts), right(facts)) as Answer
}
function of(protocol: number | undefined, test: Test): Test {
  return protocol === undefined ? test : both(facts => answer(facts.protocol === protocol), test)
}
function isQualifier(word: string | undefined): boolean {
  return word === 'src' || word === 'dst' || (KINDS as readonly (string | undefined)[]).includes(word)
}
function size(edge: string, word: string): Test {
  const octets = numberOf(word, MOST_OCTETS, 'a number of octets')
  const takes: (len: number) => boolean = edge === 'less' ? len => len <= octets : len => len >= octets
  return ({ len, mostLen }) => (takes(len) === takes(mostLen) ? answer(takes(len)) : Answer.PERHAPS)
}
