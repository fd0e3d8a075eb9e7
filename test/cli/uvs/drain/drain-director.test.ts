import t from 'tap'
import { drainDirector } from '../../../../src/cli/uvs/drain/drain-director.js'
import { parseDirectorDrain } from '../../../../src/cli/uvs/drain/drain-director-options.js'
import type { AnnouncementsInfo, Control, DirectorDrainInfo, Reply } from '../../../../src/control/protocol/api.js'
import { Unreachable } from '../../../../src/control/socket/client.js'

const INFO: AnnouncementsInfo = {
  interface: 'uvs0',
  withdraw: 'never',
  hold: 10,
  isWithdrawn: false,
  vips: { announced: 2, held: 0, idle: 0, elsewhere: 0 },
}
const at = (seconds: number, connections: number | null, more: Partial<DirectorDrainInfo> = {}): DirectorDrainInfo => ({
  state: 'draining',
  seconds,
  deadline: 60 - seconds,
  connections,
  packets: connections,
  ...more,
})

/** Goes through the states, then the director is gone; undefined: nobody drains. */
async function drained(
  text: string,
  states: (DirectorDrainInfo | undefined)[],
  { columns, stopAfter = Infinity }: { columns?: number; stopAfter?: number } = {},
): Promise<{ status: number; out: string; asked: string[] }> {
  const asked: string[] = []
  let [out, looks, hasBegun] = ['', 0, false]
  const control: Control = {
    async call(request) {
      asked.push(request.op)
      if (request.op !== 'announcements' || !hasBegun) {
        hasBegun ||= request.op === 'drain-director'
        return { ok: true, value: request.op === 'announcements' ? INFO : null } as Reply as never
      }
      if (looks === states.length) throw new Unreachable('no director')
      const drain = states[looks++]
      return { ok: true, value: { ...INFO, ...(drain && { drain }) } } as Reply as never
    },
  }
  const stop = new AbortController()
  const wait = async (): Promise<void> => void (looks >= stopAfter && stop.abort())
  const world = { wait, output: { write: (more: string) => void (out += more), columns } }
  const options = parseDirectorDrain(text.split(' '))!
  return { status: await drainDirector(options, control, world, stop.signal), out, asked }
}

t.test('it watches until the director has stopped', async t => {
  const ends = at(5, 3, { state: 'ended', end: 'moved', packets: 0 })
  const { status, out, asked } = await drained('--director', [at(0, null), at(1, 5), at(2, 5), at(12, 4), ends])
  t.equal(status, 0)
  t.strictSame(asked.slice(0, 2), ['announcements', 'drain-director'])
  t.strictSame(out.split('\n'), [
    '2 virtual addresses are off uvs0; the director stops within 60 s',
    '0 s: not counted yet; deadline in 60 s',
    '12 s: 4 connections, 4 packets a second; deadline in 48 s',
    '5 s: 3 connections, 0 packets a second; deadline in 55 s',
    'no packet comes any more to the 3 connections in its table; the director has stopped',
    '',
  ])
})

t.test('other ends', async t => {
  const end = async (end: 'empty' | 'deadline'): Promise<string | undefined> =>
    (await drained('--director', [at(5, 3, { state: 'ended', end })])).out.split('\n').at(-2)
  t.equal(await end('empty'), 'no connection is left; the director has stopped')
  t.equal(await end('deadline'), 'the deadline has come: 3 connections, 3 packets a second; the director has stopped')
  const stopping = await drained('--director', [at(5, 0, { state: 'ended', end: 'empty' }), undefined])
  t.equal(stopping.status, 0, 'a director that stops knows of no drain any more')
  t.match(stopping.out, /\nno connection is left; the director has stopped\n$/)
  const killed = await drained('--director', [at(1, 3)])
  t.equal(killed.status, 1)
  t.match(killed.out, /\nthe director has gone before its drain had ended\n$/)
  const back = await drained('--director', [at(1, 3), undefined])
  t.equal(back.status, 1)
  t.match(back.out, /\nstopped: somebody has taken the drain back\n$/)
  const left = await drained('--director', [at(1, 3), at(2, 3)], { stopAfter: 2 })
  t.equal(left.status, 130)
  t.match(left.out, /\nthe director drains on by itself; uvs drain --director --cancel takes it back\n$/)
})

t.test('JSON, a line each; a terminal’s line is redrawn', async t => {
  const ends = at(2, 0, { state: 'ended', end: 'empty' })
  const { out } = await drained('--director --json', [at(1, 3), ends])
  const lines = out.trim().split('\n').map(line => JSON.parse(line) as object) // prettier-ignore
  t.match(lines, [at(1, 3), ends, { state: 'stopped', status: 0, end: 'empty', message: /no connection is left/ }])
  const terminal = await drained('--director', [at(1, 3), ends], { columns: 30 })
  t.match(terminal.out, '\r\x1b[K1 s: 3 connections, 3 packets')
})

t.test('a drain is taken back', async t => {
  const { status, out, asked } = await drained('--director --cancel', [])
  t.strictSame([status, asked], [0, ['cancel-drain']])
  t.match(out, /the director announces again/)
})

const parse = (text: string) => parseDirectorDrain(text.split(' '))

t.test('its options', async t => {
  t.equal(parse('-t 10.0.0.1:80 10.0.0.2'), undefined)
  t.match(parse('--director --deadline 5m --json'), { deadlineS: 300, json: true, cancel: false })
  t.throws(() => parse('--director --cancel --deadline 5'), { message: '--cancel takes no --deadline' })
  t.throws(() => parse('--director --then reset'), { message: /^--then: there is no such option/ })
  t.throws(() => parse('--director --deadline x'), { message: /^--deadline: 'x' is no time/ })
})
