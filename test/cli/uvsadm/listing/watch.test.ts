import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { fit } from '../../../../src/cli/uvsadm/listing/screen.js'
import { watch, watchTitle, type Screen } from '../../../../src/cli/uvsadm/listing/watch.js'
import type { Control, Outcome } from '../../../../src/control/protocol/api.js'
import { serveControl } from '../../../../src/control/socket/server.js'
import { connection, FakeControl } from '../../../support/fake-control.js'
import { BenchDirector } from '../../../support/bench-director.js'
import { tempDir } from '../../../support/temp.js'

const MAIN = fileURLToPath(new URL('../../../../src/cli/uvsadm/main.js', import.meta.url))
const IN_TERMINAL = fileURLToPath(new URL('../../../../../test/support/in-terminal.py', import.meta.url))

function titleLeft(every: number, line: string): string {
  return watchTitle(every, line.split(' '))()[0]
}

t.test('the title is that of watch: the command without --watch', async t => {
  t.equal(titleLeft(2, '--watch'), 'Every 2.0s: uvsadm -Ln')
  t.equal(titleLeft(0.25, '-L --watch 0.25 --stats'), 'Every 0.25s: uvsadm -L --stats')
  t.equal(titleLeft(60, '--watch=60 -c'), 'Every 60.0s: uvsadm -Ln -c')
  t.equal(titleLeft(2, '--list -t 10.0.0.1:80 --watch'), 'Every 2.0s: uvsadm --list -t 10.0.0.1:80')
  t.match(watchTitle(2, ['--watch'])()[1], /^\S+: \w{3} \w{3} \d\d \d\d:\d\d:\d\d \d{4}$/)
})

const printed = (out: string): Outcome => ({ status: 0, out, err: '' })

t.test('a listing is cut to the terminal', async t => {
  const title: [string, string] = ['left', 'right']
  t.strictSame(fit(title, printed('one  \ntwo\n'), 9, 14), ['left     right', '', 'one', 'two'], 'smaller')
  t.strictSame(fit(title, printed('one\ntwo\n'), 4, 14), ['left     right', '', 'one', 'two'], 'as high as it is')
  for (const [rows, rest] of [
    [4, ['one', '… 3 more lines']],
    [3, ['… 4 more lines']],
    [2, []],
  ] as const)
    t.strictSame(fit(title, printed('one\ntwo\n3\n4\n'), rows, 14), ['left     right', '', ...rest], 'too high')
  const cut = { ...printed('one\ntwo\n'), isCut: true } as const
  t.strictSame(fit(title, cut, 4, 14).slice(2), ['one', '… more lines'], 'nobody has counted them')
  t.strictSame(fit(title, printed('12345678\n123456789\n'), 9, 8), ['left ri>', '', '12345678', '1234567>'], 'too wide')
  t.strictSame(
    fit(title, printed('a\x1b[31mb\x7f\u061c\n'), 9, 14).at(-1),
    'a?[31mb??',
    'nothing that a terminal would obey',
  )
})

interface FakeScreen extends Screen {
  shown: Outcome[]
  end: AbortController
  closed: number
}

function fakeScreen(draw: (screen: FakeScreen) => void): FakeScreen {
  const end = new AbortController()
  const screen: FakeScreen = {
    lines: 7,
    shown: [],
    end,
    stop: end.signal,
    closed: 0,
    wake() {},
    async draw(shown) {
      screen.shown.push(shown)
      draw(screen)
    },
    close: () => void screen.closed++,
  }
  return screen
}

const listed: Outcome = { status: 0, out: 'a\n', err: '' }

t.test('it lists, waits, and lists again until it is stopped', async t => {
  const times: number[] = []
  const screen = fakeScreen(({ shown, end }) => {
    times.push(performance.now())
    if (shown.length === 3) end.abort(0)
  })
  const asked: number[] = []
  const list = async (lines: number): Promise<Outcome> => {
    asked.push(lines)
    return asked.length === 2 ? { status: 2, out: '', err: 'no director\n' } : listed
  }
  t.equal(await watch(0.1, list, screen), 0)
  t.strictSame(screen.shown, [listed, { status: 2, out: '', err: 'no director\n' }, listed], 'a failure is shown too')
  t.strictSame(asked, [7, 7, 7])
  t.ok(times[2]! - times[0]! >= 195, `${times[2]! - times[0]!} ms`)
  t.equal(screen.closed, 1)
})

t.test('waiting ends when the screen says so', { timeout: 120_000 }, async t => {
  const woken = fakeScreen(screen => {
    setTimeout(() => (screen.shown.length < 3 ? screen.wake() : screen.end.abort(130)), 10)
  })
  t.equal(await watch(3600, async () => listed, woken), 130)
  t.equal(woken.shown.length, 3)

  const hung = fakeScreen(() => {})
  setTimeout(() => hung.end.abort(0), 10)
  t.equal(await watch(3600, () => new Promise(() => {}), hung), 0, 'a director that does not answer')
})

t.test('a mistake of ours leaves the screen as it was', async t => {
  const screen = fakeScreen(() => {})
  await t.rejects(
    watch(1, () => Promise.reject(new TypeError('a bug')), screen),
    { message: 'a bug' },
  )
  t.equal(screen.closed, 1)
})

async function serve(t: Test, control: Control): Promise<string> {
  const path = `${tempDir(t)}/uvs.sock`
  const server = await serveControl(path, control)
  t.teardown(() => server.close())
  return path
}

/** Two services of a director. */
function bench(): BenchDirector {
  const director = new BenchDirector()
  director.serve('tcp', '10.99.1.100:80', '10.99.2.11:80', '10.99.2.12:8080 3')
  director.serve('udp', '10.99.1.100:53', '10.99.2.11:53')
  return director
}

const WATCHED = `Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Weight ActiveConn InActConn   CPS InPPS OutPPS InBPS OutBPS
TCP  10.99.1.100:80 rr                                  0     0      0     0      0
  -> 10.99.2.11:80      1      0          0             0     0      0     0      0
  -> 10.99.2.12:8080    3      0          0             0     0      0     0      0
UDP  10.99.1.100:53 rr                                  0     0      0     0      0
  -> 10.99.2.11:53      1      0          0             0     0      0     0      0
`

t.test('without a terminal: one listing after the other, until nobody reads', async t => {
  const path = await serve(t, bench().control)
  const shell = `"$0" "$1" --watch=0.1 --control "$2"; echo "status $?" >&2`
  const child = spawn('sh', ['-c', `(${shell}) | head -21`, process.execPath, MAIN, path])
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  t.equal(err, 'status 0\n')
  const [first, second, ...more] = out.split(/^Every 0\.1s: uvsadm -Ln {3}\S+: .*\n\n/m).slice(1)
  t.strictSame([first, second?.split('\n')[2], more.length], [`${WATCHED}\n`, WATCHED.split('\n')[2], 0])
  t.notOk(out.includes('\x1b'))
})

t.test('a director that goes away is waited for', async t => {
  const path = `${tempDir(t)}/uvs.sock`
  let server = await serveControl(path, bench().control)
  const child = spawn(process.execPath, [MAIN, '--watch', '0.1', '--stats', '--control', path])
  t.teardown(() => child.kill())
  const out = reader(child.stdout)
  const err = reader(child.stderr)
  await out.until(/--stats.*\n\nIP Virtual Server/)
  await server.close()
  await err.until(/^(the director at .* hung up\n)?(no director answers at .*\n){2}/)
  server = await serveControl(path, bench().control)
  t.teardown(() => server.close())
  out.forget()
  await out.until(/IP Virtual Server/)
  child.kill('SIGINT')
  t.strictSame(await once(child, 'exit'), [null, 'SIGINT'], 'a shell shows 130')
})

/** What has been written. */
function reader(stream: NodeJS.ReadableStream): { until(pattern: RegExp): Promise<void>; forget(): void } {
  let written = ''
  stream.on('data', chunk => (written += String(chunk)))
  return {
    async until(pattern) {
      for (let waited = 0; !pattern.test(written); waited += 20) {
        if (waited > 20_000) throw new Error(`no ${pattern} in ${written}`)
        await sleep(20)
      }
    },
    forget: () => void (written = ''),
  }
}

interface InTerminal {
  frames: string[]
  status: number
  restored: boolean
}

function hasPython(): boolean {
  try {
    execFileSync('python3', ['-c', 'import pty, termios'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** uvsadm in a terminal, and what is done once each text is there. */
async function inTerminal(
  size: [number, number],
  steps: [wait: string, action: string][],
  ...args: string[]
): Promise<InTerminal> {
  const child = spawn('python3', [IN_TERMINAL, JSON.stringify({ size, steps }), process.execPath, MAIN, ...args])
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  if (err) throw new Error(err)
  return JSON.parse(out) as InTerminal
}

const ENTER = '\x1b[?1049h\x1b[?25l'
const END = new RegExp(String.raw`\r\n\x1b\[J|\x1b\[\?25h`)
const LEAVE = '\x1b[?25h\x1b[?1049l'

/** What can be seen after the last drawing from the upper left corner. */
function visible(drawn: string): string[] {
  const [frame = ''] = drawn.slice(drawn.lastIndexOf('\x1b[H') + 3).split(END)
  return frame.split('\r\n').map(line => line.replace('\x1b[2K', ''))
}

t.test('a terminal', { skip: hasPython() ? false : 'no python3' }, async t => {
  const path = await serve(t, bench().control)
  const args = ['--watch=0.2', '--control', path]

  await t.test('is filled, and given back by q', async t => {
    const { frames, status, restored } = await inTerminal([24, 100], [['\x1b[J', 'key:q']], ...args)
    t.strictSame([status, restored], [0, true])
    t.ok(frames[0]?.startsWith(`${ENTER}\x1b[H`))
    t.ok(frames.at(-1)?.endsWith(LEAVE))
    const [title, empty, ...listing] = visible(frames[0]!)
    t.match(title, /^Every 0\.2s: uvsadm -Ln +\S+: \w{3} \w{3} \d\d \d\d:\d\d:\d\d \d{4}$/)
    t.equal(title?.length, 100)
    t.strictSame([empty, ...listing], ['', ...WATCHED.trimEnd().split('\n')])
  })

  await t.test('is cut to its size, and to the one it gets', async t => {
    const end = 'Every'
    const steps: [string, string][] = [
      ['more', 'size:4,30'],
      [end, 'key:'],
      [end, 'key:'],
      [end, 'key:q'],
    ]
    const { frames, status, restored } = await inTerminal([5, 60], steps, ...args)
    t.strictSame([status, restored], [0, true])
    const all = frames.join('').split('\x1b[H').slice(1)
    const [wide, narrow] = [all[0]!, all.at(-1)!].map(frame => visible(`\x1b[H${frame}`))
    t.strictSame(
      wide!.slice(2).map(line => line.length <= 60),
      [true, true, true],
    )
    t.match(wide![3], /^ {2}-> RemoteAddress:Port .*>$/)
    t.equal(wide![4], '… 5 more lines')
    t.equal(wide!.length, 5)
    t.equal(narrow!.length, 4)
    t.ok(
      narrow!.every(line => line.length <= 30),
      narrow!.join('|'),
    )
  })

  for (const [how, action, wanted] of [
    ['Ctrl-C', 'key:\x03', 130],
    ['SIGINT', 'signal:INT', 130],
    ['SIGTERM', 'signal:TERM', 143],
    ['Q', 'key:Q', 0],
  ] as const)
    await t.test(`is given back by ${how}`, async t => {
      const { frames, status, restored } = await inTerminal([24, 100], [['Every', action]], ...args)
      t.strictSame([status, restored], [wanted, true])
      t.ok(frames.at(-1)?.endsWith(LEAVE))
    })

  await t.test('shows why there is nothing to list', async t => {
    const gone = ['--watch=0.1', '--control', `${path}.none`]
    const { frames, status } = await inTerminal(
      [24, 100],
      [
        ['no director answers', 'key:'],
        ['no director answers', 'key:q'],
      ],
      ...gone,
    )
    t.equal(status, 0)
    t.match(frames[1], /no director answers at/)
  })

  await t.test('is given to the shell by Ctrl-Z, and taken again by fg', async t => {
    const steps: [string, string][] = [
      ['\x1b[J', 'key:\x1a'],
      [LEAVE, 'continue'],
      ['\x1b[J', 'key:q'],
    ]
    const { frames, status, restored } = await inTerminal([24, 100], steps, ...args)
    t.strictSame([status, restored], [0, true])
    t.ok(frames[2]?.startsWith(`${ENTER}\x1b[H`))
    t.ok(frames[3]?.endsWith(LEAVE))
  })

  await t.test('is not touched where the command line is wrong', async t => {
    const { frames, status, restored } = await inTerminal([24, 100], [], '--watch=0', '--control', path)
    t.strictSame(
      [frames, status, restored],
      [["illegal watch interval `0' specified, 0.1 to 3600 seconds\r\n"], 2, true],
    )
  })
})

t.test(
  'of a large table hardly more is asked for than can be seen',
  { skip: hasPython() ? false : 'no python3' },
  async t => {
    const control = new FakeControl()
    for (let port = 0; port < 30_000; port++)
      control.connections.push(connection('tcp', 9, 'CLOSE', `10.0.0.9:${port}`, '10.0.0.1:80', '10.0.0.2:80'))
    const path = await serve(t, control)
    const steps: [string, string][] = [['10.0.0.9:18', 'key:q']]
    const { status } = await inTerminal([24, 100], steps, '-Lc', '--watch=3600', '--control', path)
    t.equal(status, 0)
    t.equal(control.asked.length, 8, 'pages of three rows, and one to see whether there is more')
  },
)
