import t from 'tap'
import { haChecks, type HaEvidence } from '../../../netns-lab/ha/ha-checks.js'
import type { Asked, Download } from '../../../netns-lab/ha/client-news.js'
import type { Deed } from '../../../netns-lab/ha/ha-report.js'

const [STICKY, SPREAD] = ['192.168.159.100', '192.168.159.101']
const OCTETS = 1000

type Seen = { -readonly [key in keyof HaEvidence]: HaEvidence[key] } & { asked: Asked[]; downloads: Download[] }

const asked = (at: string, atMs: number, more: Partial<Asked> = { by: 'rs1' }): Asked => {
  return { kind: 'asked', at, atMs, tookMs: 5, ...more }
}
const fails = (at: string, atMs: number, error = 'ECONNREFUSED'): Asked => asked(at, atMs, { error })
const download = (begunMs: number, endMs: number, octets = OCTETS, error?: string): Download => {
  return { kind: 'download', begunMs, endMs, octets, ...(error === undefined ? {} : { error }) }
}
const deed = (what: string, atMs: number, doneMs: number, more: Partial<Deed> = {}): Deed => {
  return { what, atMs, doneMs, limitMs: 3700, lateMs: 0, hurts: 'meanwhile', ...more }
}

/** lb1 is killed at 10 s, lb2 is master at 13.6 s; lb1 is back from 16 s, and master at 20 s. */
function seen(): Seen {
  const usual = Array.from({ length: 30 }, (_, i) => i * 1000)
  return {
    adverts: [
      ...[8000, 9000, 9900].map(atMs => ({ atMs, from: 'lb1' as const, priority: 150 })),
      ...[13_500, 14_500, 19_500].map(atMs => ({ atMs, from: 'lb2' as const, priority: 100 })),
      ...[20_000, 21_000].map(atMs => ({ atMs, from: 'lb1' as const, priority: 150 })),
    ],
    lost: 0,
    refusals: [],
    deeds: [
      deed('lb1 dies', 10_000, 13_500, { master: 'lb2', silenceMs: 3600 }),
      deed('lb1 is back', 16_000, 20_000, { master: 'lb1', limitMs: 9000, hurts: 'at the end' }),
    ],
    asked: usual.flatMap(atMs => {
      const isGone = atMs >= 10_000 && atMs < 14_000
      const spread = asked(SPREAD, atMs, { by: atMs % 2000 === 0 ? 'rs1' : 'rs2' })
      return isGone ? [fails(STICKY, atMs), fails(SPREAD, atMs)] : [asked(STICKY, atMs), spread]
    }),
    bursts: [
      { fromMs: 5000, toMs: 5100, answered: 100, failed: 0 },
      { fromMs: 9990, toMs: 10_100, answered: 60, failed: 40 },
    ],
    downloads: [
      download(2000, 7000),
      download(7200, 10_010, 500, 'ECONNRESET'),
      download(14_000, 19_000),
      download(19_200, 20_600, 300, 'ECONNRESET'),
      download(21_000, 26_000),
    ],
    octets: OCTETS,
  }
}

const failed = (it: HaEvidence): string[] =>
  haChecks(it).flatMap(({ name, holds, detail }) => (holds ? [] : [`${name}: ${detail}`]))

t.test('all is as it must be, and it is said what failed when', async t => {
  t.strictSame(failed(seen()), [])
  const details = haChecks(seen()).map(({ name, detail }) => `${name}: ${detail}`)
  t.match(
    details[0],
    /lb1 dies: lb2 advertises after 3\.50 s, 3\.60 s after the last advert of the one before; at most 3\.70 s/,
  )
  t.ok(
    details.some(it => it.endsWith('60 asked, 8 failed: 8 when lb1 dies')),
    details.join('\n'),
  )
  t.ok(
    details.some(it => it.endsWith('2 bursts, 160 answered, failed: 40 when lb1 dies')),
    details.join('\n'),
  )
  t.match(details.at(-1), /3 whole; one broke \(ECONNRESET\) at 0\.0 MB 0\.01 s after lb1 dies; one broke/)
})

t.test('what is wrong is found, and named', async t => {
  const cases: [string, (it: Seen) => void, RegExp][] = [
    ['no new master', it => delete it.deeds[0]!.doneMs, /lb1 dies: lb2 advertises: never/],
    ['a late one', it => (it.deeds[0]!.doneMs = 13_800), /lb1 dies: lb2 advertises after 3\.80 s.*at most 3\.70 s/],
    [
      'a real server that stays',
      it => (it.deeds = [...it.deeds, deed('rs1 dies', 22_000, 29_000)]),
      /rs1 dies: both directors have changed their rules after 7\.00 s/,
    ],
    [
      'two masters',
      it => (it.adverts = [...it.adverts, { atMs: 21_400, from: 'lb2', priority: 100 }]),
      /two masters.*: the longest time that both advertised was 1\.40 s/,
    ],
    ['no adverts', it => (it.adverts = []), /two masters/],
    ['lost frames', it => (it.lost = 3), /two masters.*: the capture lost 3/],
    ['a refusal', it => (it.refusals = ['lb2: (VI_1) invalid passwd!']), /refused.*: lb2: \(VI_1\) invalid passwd!/],
    [
      'a request that fails for nothing',
      it => it.asked.push(fails(SPREAD, 25_500)),
      /requests.*: 1 failed at other times, of 192\.168\.159\.101 ECONNREFUSED/,
    ],
    [
      'while the old master still reigns',
      it => it.asked.push(fails(STICKY, 18_000)),
      /requests.*: 1 failed at other times/,
    ],
    [
      'a server that never answers',
      it => it.asked.forEach(one => one.by === 'rs2' && (one.by = 'rs1')),
      /rs2 never answered/,
    ],
    [
      'an address that never answers',
      it => (it.asked = it.asked.filter(({ at }) => at !== STICKY)),
      /192\.168\.159\.100 never answered/,
    ],
    [
      'a burst that fails for nothing',
      it => (it.bursts = [...it.bursts, { fromMs: 6000, toMs: 6100, answered: 90, failed: 10 }]),
      /bursts.*: 10 failed at other times/,
    ],
    ['no burst', it => (it.bursts = []), /bursts/],
    [
      'a download that breaks for nothing',
      it => it.downloads.push(download(27_000, 9500, 10, 'ECONNRESET')),
      /downloads.*: 1 ended too soon/,
    ],
    ['one that is short', it => it.downloads.push(download(27_000, 28_000, 999)), /downloads.*: 1 ended too soon/],
    ['none before', it => it.downloads.shift(), /none was whole before anything happened/],
    ['none afterwards', it => it.downloads.pop(), /none was whole afterwards/],
  ]
  for (const [what, spoil, expected] of cases) {
    const it = seen()
    spoil(it)
    const found = failed(it)
    t.ok(
      found.some(line => expected.test(line)),
      `${what}: ${found.join('\n') || 'nothing was found'}`,
    )
  }
})

t.test('a busy machine is late, and that is said', async t => {
  const it = seen()
  it.deeds[0]!.doneMs = 14_000
  t.match(failed(it), [/lb1 dies/])
  it.deeds[0]!.lateMs = 150
  t.strictSame(failed(it), [])
  t.match(haChecks(it)[0], { detail: /at most 3\.70 s if the machine were not busy: a timer was 0\.15 s late/ })
})
