import t from 'tap'
import { Replayed } from './replayed.js'
import { rulesOf, SCENARIOS, withSortedServers, type Scenario, type State } from './scenario.js'

/*
 * All recordings of keepalived 2.2.7 with a kernel's IPVS, beside this file: what was done to real servers, and the rules after each change.
 * The same is done in virtual time, with a director that the rules go to: what `ipvsadm -Sn` and `-Ln` say must come in the same order,
 * each within a tenth of its interval.
 */

/** From a start to keepalived's first checks: so long it has servers in the rules whose state nobody knows. */
const FIRST_CHECKS_MS = 1300
/** The recording machine, Linux as a process, was late by so much at any time. */
const SLOW_MS = 250

/** Both in turn, `count` in all. */
const turns = (one: string, other: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => (i % 2 === 0 ? one : other))

/** Where uvs is meant to differ (docs/differences.md): why, and then the rules: how many services, and their servers by the end of their address. */
const BETTER: Record<string, readonly [string, ...string[]]> = {
  'http-keep-open': ['a server that keeps the connection open is up', '1 of 1:80=1', ''],
  'http-odd-answers': ['header lines may end with LF', ...turns('1 of 1:80=1 2:80=1', '1 of 2:80=1', 17), ''],
  'smtp-check': [
    'replies may have several lines',
    '1 of 1:25=1 2:25=1 3:25=1',
    '1 of 2:25=1 3:25=1',
    '1 of 1:25=1 2:25=1 3:25=1',
    '1 of 2:25=1 3:25=1',
    '1 of 1:25=1 2:25=1 3:25=1',
    '1 of 2:25=1 3:25=1',
    '',
  ],
  'reload-added-dead': ['a dead server is not added', '1 of 1:80=1', ''],
  'http-slow': ['a server is in when its first answer has come', '1 of', '1 of 2:80=1', ''],
  'ssl-get': ['a server that speaks no TLS is never in', '1 of 1:443=1 2:443=1 3:443=1', '1 of 2:443=1 3:443=1', ''],
  'udp-check': [
    'silence is judged from the start, so later checks come at other times',
    '1 of 1:53=1 2:53=1 4:53=1',
    '1 of',
    '',
  ],
  'dump-all-checkers': ['dead servers are not in during the first second', '1 of 7:80=1 8:80=1', ''],
  'group-reload': [
    'an address that leaves a group takes its service along',
    '1 of 1:80=3 2:80=1',
    '3 of 1:80=3 2:80=1',
    '1 of 1:80=3 2:80=1',
    '',
  ],
}

/** What of a recording is not replayed, and why. */
const LEFT_OUT: Record<string, { readonly why: string; readonly fromMs?: number }> = {
  flush: { why: 'lvs_flush, lvs_flush_on_stop: a director begins and ends without rules', fromMs: 7400 },
  'parent-killed': { why: 'that the child tidies up: a director is one process, and its rules end with it' },
  'sync-daemon': { why: 'the daemon: uvs does not synchronise connections' },
  'sync-daemon-default-id': { why: 'the daemon: uvs does not synchronise connections' },
  'dump-all-checkers': { why: 'the dump: keepalived/config/parsed.test.ts compares what was parsed' },
  'usr-signals': { why: 'the dump: keepalived/config/parsed.test.ts compares what was parsed' },
  'no-virtual-server': { why: 'which processes run' },
  'vrrp-and-checks': { why: 'adverts: keepalived/vrrp/replay.test.ts' },
  'smtp-alert': { why: 'mails' },
  'notify-fifo': { why: 'the lines of the FIFO: check-machine.test.ts' },
}

/** Servers that come in another order at the start, where keepalived adds them before anything is known. */
const OTHER_ORDER: Record<string, string> = {
  'misc-status': 'a script takes longer than to find that a server has no checker',
  'misc-timeout': 'a script takes longer than to find that a server has no checker',
  'misc-dynamic': 'a script takes longer than to find that a server has no checker',
  'sorry-server-inhibit': 'the sorry server comes when the quorum is gained',
}

/** Changes that come at another time, and why. */
const OTHER_TIME: Record<string, string> = {
  'ha-suspend': 'checks begin as soon as the address is there; keepalived waits for the next delay_loop',
  'misc-status': 'to run a script took up to 1.7 s on the recording machine',
  'misc-timeout': 'to run a script took up to 1.7 s on the recording machine',
  'misc-dynamic': 'to run a script took up to 1.7 s on the recording machine',
}

const THERE = 'it is there already'
const NO_SERVICE = 'no such service'
/** Rules that are refused, as keepalived's were. */
const REFUSED: Record<string, readonly string[]> = {
  'duplicate-services': [THERE],
  flush: [THERE, THERE],
  // A server leaves that somebody has taken out, another whose service is gone; it returns, and is tried at each check, till the end.
  'manual-changes': ['no such destination', NO_SERVICE, NO_SERVICE, NO_SERVICE, NO_SERVICE],
  schedulers: ['no such scheduler, persistence engine or local address', NO_SERVICE, NO_SERVICE],
  'term-dont-release': [THERE, THERE],
}

/** From when on keepalived wrote rules, and when it was ready, ms. */
function startsOf({ events }: Scenario): { fromMs: number; readyMs: number }[] {
  const begun = events.filter(event => event.do?.startsWith('start keepalived')).map(({ t: at }) => at * 1000)
  const ready = events.filter(event => event.ready === 'Startup').map(({ t: at }) => at * 1000)
  return ready.map(readyMs => ({ fromMs: begun.findLast(ms => ms < readyMs) ?? 0, readyMs }))
}

/** Without what is there in a start's first second; a state that lasts less than a moment is part of the next. */
function settled(states: readonly State[], scenario: Scenario): State[] {
  const isAlpha = /^ *alpha/m.test(scenario.configurations[0]!.text)
  const waitMs = isAlpha ? 100 : FIRST_CHECKS_MS
  const found: State[] = []
  const firstMs = startsOf(scenario)[0]!.fromMs
  for (const [i, { atMs, rules }] of states.entries()) {
    const start = startsOf(scenario).findLast(({ fromMs, readyMs }) => fromMs < atMs && atMs <= readyMs + waitMs)
    const at = start === undefined ? atMs : start.readyMs + waitMs
    const next = states[i + 1]?.atMs
    if (next !== undefined && (next <= Math.max(at, firstMs) || next - at <= 150)) continue
    if ((found.at(-1)?.rules ?? '') !== rules) found.push({ atMs: at, rules })
  }
  return found
}

function recordedStates({ events }: Scenario): State[] {
  return events
    .filter(({ rules }) => rules !== undefined)
    .map(({ t: at, rules, listed }) => ({ atMs: at * 1000, rules: rulesOf(rules!, listed!) }))
}

/** `2 of 1:80=3 9:80=1`: two services of these servers and weights. */
function shortOf(rules: string): string {
  const services = rules.split('\n').filter(line => line.startsWith('-A ')).length
  const servers = [...rules.matchAll(/ -r \S+\.(\d+:\d+) .*-w (\d+)/g)].map(
    ([, server, weight]) => `${server}=${weight}`,
  )
  return services === 0 ? '' : `${services} of ${[...new Set(servers)].join(' ')}`.trim()
}

const linesOf = (rules: string): string[] => rules.split('\n').filter(line => line.startsWith('-a '))

/** `10.1.2.1:80`s whose rules are not the same. */
function changedServers(before: string, after: string): string[] {
  const [old, now] = [linesOf(before), linesOf(after)]
  const changed = [...old.filter(line => !now.includes(line)), ...now.filter(line => !old.includes(line))]
  return changed.map(line => / -r (\S+)/.exec(line)![1]!)
}

/**
 * A tenth of its interval: of the check's with its retries, or, where that is longer, of the time since the server was last seen to be
 * asked. While it is closed nothing of the recording machine's lag is known.
 */
function allowedMs(scenario: Scenario, servers: readonly string[], atMs: number, longestMs: number): number {
  const seen = servers.map(server => {
    const times = scenario.checks[server.replace(/:(\d+)$/, '/$1')] ?? []
    return (times.findLast(at => at * 1000 < atMs - 200) ?? startsOf(scenario)[0]!.readyMs / 1000) * 1000
  })
  return Math.max(SLOW_MS, longestMs / 10, ...seen.map(ms => (atMs - ms) / 10))
}

t.test('all 67 are replayed', async t => {
  t.equal(SCENARIOS.length, 67)
  const names = [
    ...Object.keys(BETTER),
    ...Object.keys(LEFT_OUT),
    ...Object.keys(OTHER_ORDER),
    ...Object.keys(OTHER_TIME),
  ]
  for (const name of names) t.ok(SCENARIOS.some(scenario => scenario.name === name), name) // prettier-ignore
})

for (const whole of SCENARIOS) {
  const { name, about } = whole
  const { fromMs: cutMs = Infinity, why = '' } = LEFT_OUT[name] ?? {}
  t.test(`${name}: ${about}${why && `; not: ${why}`}`, async t => {
    const events = whole.events.filter(event => event.t * 1000 < cutMs)
    const scenario = { ...whole, events, end: Math.min(whole.end, cutMs / 1000) }
    const played = await new Replayed(scenario).play()
    const order = (states: State[]): State[] =>
      name in OTHER_ORDER ? states.map(state => ({ ...state, rules: withSortedServers(state.rules) })) : states
    const expected = order(settled(recordedStates(scenario), scenario))
    const found = order(settled(played.history, scenario))
    t.strictSame(played.shown, events.filter(({ show }) => show !== undefined).map(({ output }) => output)) // prettier-ignore
    const refused = played.refused.map(line => line.slice(line.lastIndexOf(': ') + 2))
    t.strictSame(refused, REFUSED[name] ?? [])
    const better = BETTER[name]
    if (better !== undefined) {
      const [reason, ...states] = better
      t.strictSame(found.map(({ rules }) => shortOf(rules)), states, reason) // prettier-ignore
      return
    }
    t.strictSame(
      found.map(({ rules }) => rules),
      expected.map(({ rules }) => rules),
    )
    if (name in OTHER_TIME) return
    const firstMs = startsOf(scenario)[0]!.fromMs
    for (const [i, { atMs, rules }] of expected.entries()) {
      if (atMs < firstMs) continue
      const off = Math.abs((found[i]?.atMs ?? Infinity) - atMs)
      const servers = changedServers(expected[i - 1]?.rules ?? '', rules)
      const allowed = allowedMs(scenario, servers, atMs, played.longestIntervalMs)
      t.ok(off <= allowed, `${servers.join(', ')}: ${Math.round(off)} ms off, ${Math.round(allowed)} allowed`)
    }
  })
}
