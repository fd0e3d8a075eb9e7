import t from 'tap'
import { agoText, nextText, sinceText, stateTable } from '../../../../src/cli/uvs/seen/state-table.js'

t.test('how long ago, in two numbers, rounded down', async t => {
  const texts = [0, 0.9, 59.9, 60, 61, 3599, 3600, 7800, 86_399, 86_400, 273_600, -5].map(agoText)
  t.strictSame(texts, [
    '0 s',
    '0 s',
    '59 s',
    '1 min',
    '1 min 1 s',
    '59 min 59 s',
    '1 h',
    '2 h 10 min',
    '23 h 59 min',
    '1 d',
    '3 d 4 h',
    '0 s',
  ])
})

t.test('what is next', async t => {
  t.equal(nextText(undefined), undefined)
  t.equal(nextText({ event: 'result' }), 'under way')
  t.equal(nextText({ event: 'check', seconds: 0 }), 'check now')
  t.equal(nextText({ event: 'check', seconds: 0.61 }), 'check in 0.7 s')
  t.equal(nextText({ event: 'run', seconds: 3600 }), 'run in 1 h')
})

t.test('since when: of another day with its date', async t => {
  const now = new Date(2026, 10, 29, 22, 41, 3).getTime() / 1000
  t.equal(sinceText(now - 65, now), '22:39:58, 1 min 5 s')
  t.equal(sinceText(now - 86_400, now), '2026-11-28 22:41:03, 1 d')
})

t.test('names that would steer the terminal do not', async t => {
  t.match(stateTable([{ depth: 0, of: 'a\x1b[2J\u202e', state: 'up' }], { nowS: 0 }), 'a?[2J?  up\n')
})

t.test('columns are as wide as they need to be', async t => {
  const rows = [
    { depth: 0, of: 'one', state: 'up', why: 'because' },
    { depth: 1, of: 'a longer one', state: 'unknown', next: 'check now' },
  ]
  t.equal(
    stateTable(rows, { nowS: 0 }),
    [
      '                STATE    SINCE  NEXT       WHY',
      'one             up                         because',
      '  a longer one  unknown         check now',
      '',
    ].join('\n'),
  )
})

t.test('a name leaves room for the state, however narrow the terminal is', async t => {
  const rows = [
    { depth: 0, of: 'TCP 10.99.77.100:80', state: 'up', why: 'because' },
    { depth: 1, of: '10.99.77.3:81 weight 100, in the rules with 3', state: 'unknown' },
  ]
  const narrow = stateTable(rows, { columns: 40 }).trimEnd().split('\n')
  t.strictSame(
    narrow.map(line => line.slice(0, 40)),
    [
      `${' '.repeat(32)}STATE   `,
      'TCP 10.99.77.100:80             up      ',
      '  10.99.77.3:81 weight 100, i>  unknown',
    ],
  )
  t.match(narrow[1], /up {7}.*because$/, 'the rest is there for the screen to cut')
  t.match(stateTable(rows, { columns: 5 }), /^ {2}10\.99\.7> {2}unknown$/m)
})
