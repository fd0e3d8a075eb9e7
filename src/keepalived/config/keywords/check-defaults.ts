import { number, time } from '../arguments.js'
import { MOST_SECONDS } from '../numbers.js'
import type { Keyword, Table } from '../parser.js'
import type { CheckDefaults } from '../tree/virtual-server.js'

type Name = 'connect_timeout' | 'delay_before_retry' | 'warmup' | 'delay_loop' | 'retry'

/** How checks are timed, said in a virtual server, a real server or a checker: the words of messages differ. */
export interface TimingWords {
  bad(name: Name, text: string): string
  readonly leastRetry: 0 | 1
}

export function timingKeywords<T>(settingsOf: (target: T) => CheckDefaults, words: TimingWords): Table<T> {
  const seconds = (
    name: Exclude<Name, 'retry'>,
    least: number,
    most: number,
    initial: string,
    set: (settings: CheckDefaults, ms: number) => void,
  ): Keyword<T> =>
    time<T>({
      least,
      most,
      initial,
      bad: text => words.bad(name, text),
      set: (target, ms) => set(settingsOf(target), ms),
    })
  return {
    connect_timeout: seconds(
      'connect_timeout',
      0.000001,
      4294.967295,
      '5 s',
      (settings, ms) => (settings.connectTimeoutMs = ms),
    ),
    delay_before_retry: seconds(
      'delay_before_retry',
      0,
      MOST_SECONDS,
      '1 s; HTTP and SSL 3 s; DNS delay_loop',
      (settings, ms) => (settings.delayBeforeRetryMs = ms),
    ),
    warmup: seconds('warmup', 0, MOST_SECONDS, 'delay_loop', (settings, ms) => (settings.warmupMs = ms)),
    delay_loop: seconds('delay_loop', 0.000001, MOST_SECONDS, '60 s', (settings, ms) => (settings.delayLoopMs = ms)),
    retry: number<T>({
      least: words.leastRetry,
      most: 4_294_967_295,
      initial: '1; DNS 3; MISC 0',
      bad: text => words.bad('retry', text),
      set: (target, value) => void (settingsOf(target).retry = value),
    }),
  }
}
