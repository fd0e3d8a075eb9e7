import { addressOf } from '../addresses.js'
import { bool, number, word } from '../arguments.js'
import type { Table } from '../parser.js'
import type { CheckTarget, CheckTiming } from '../tree/checker.js'
import { timingKeywords } from './check-defaults.js'

/** A checker while it is read: what it does not say comes from its real server. */
export type Timing = { -readonly [K in keyof CheckTiming]?: CheckTiming[K] }

export function timing<T extends Timing>(): Table<T> {
  return {
    ...timingKeywords<T>(checker => checker, {
      leastRetry: 0,
      bad: (name, text) => {
        if (name === 'retry') return `Invalid retry connection value '${text}'`
        if (name === 'connect_timeout') return `connect_timeout ${text} invalid - ignoring`
        if (name === 'delay_loop') return `delay_loop '${text}' is invalid - ignoring`
        return `Invalid ${name} connection value '${text}'`
      },
    }),
    alpha: bool<T>({
      initial: "the real server's",
      bad: text => `Invalid alpha parameter ${text}`,
      set: (checker, value) => void (checker.alpha = value),
    }),
    log_all_failures: bool<T>({
      initial: 'checker_log_all_failures',
      bad: text => `Invalid log_all_failures parameter ${text}`,
      set: (checker, value) => void (checker.logAllFailures = value),
    }),
  }
}

/** The address family of each checker's real server. */
export const familyOfServer = new WeakMap<object, 4 | 6>()

/**
 * Where a checker connects to and from. `knowsServer`: while it is read, it connects to its real server unless connect_ip says otherwise;
 * else to nothing yet.
 */
export function connection<T extends CheckTarget>({ knowsServer = true } = {}): Table<T> {
  const familyOf = (checker: T): 4 | 6 | undefined => {
    if (checker.connectIp !== undefined) return addressOf(checker.connectIp)?.family
    return knowsServer ? familyOfServer.get(checker) : undefined
  }
  const port = (name: 'connect_port' | 'bind_port', set: (checker: T, value: number) => void): Table<T>[string] =>
    number<T>({
      least: 1,
      most: 65_535,
      initial: name === 'bind_port' ? 'any' : "the real server's",
      bad: text => `Invalid checker ${name} '${text}'`,
      set,
    })
  return {
    connect_ip: word<T>({
      takes: '<ADDRESS>',
      initial: "the real server's",
      set(checker, text, parser) {
        const address = addressOf(text)
        const from = checker.bindTo === undefined ? undefined : addressOf(checker.bindTo)
        if (address === undefined) parser.error(`Invalid connect_ip address ${text} - ignoring`)
        else if (from && from.family !== address.family)
          parser.error(`connect_ip address ${text} does not match address family of bindto - skipping`)
        else checker.connectIp = address.text
      },
    }),
    connect_port: port('connect_port', (checker, value) => void (checker.connectPort = value)),
    bindto: word<T>({
      takes: '<ADDRESS>',
      initial: 'any',
      set(checker, text, parser) {
        const address = addressOf(text)
        const family = familyOf(checker)
        if (address === undefined) parser.error(`Invalid bindto address ${text} - ignoring`)
        else if (family !== undefined && family !== address.family)
          parser.error(`bindto address ${text} does not match address family of connect_ip - skipping`)
        else checker.bindTo = address.text
      },
    }),
    bind_if: word<T>({
      takes: '<INTERFACE>',
      initial: 'any',
      set: (checker, name) => void (checker.bindInterface = name),
    }),
    bind_port: port('bind_port', (checker, value) => void (checker.bindPort = value)),
    fwmark: number<T>({
      least: 0,
      most: 4_294_967_295,
      initial: '0',
      bad: text => `Invalid fwmark connection value '${text}'`,
      set: (checker, value) => void (checker.fwmark = value),
    }),
  }
}
