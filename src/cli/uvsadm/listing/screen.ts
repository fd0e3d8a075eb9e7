import { once } from 'node:events'
import type { Outcome } from '../../../control/protocol/api.js'
import { endUnlessEpipe } from '../../command.js'
import type { Shown } from '../run.js'
import type { Screen } from './watch.js'

/** The left and right parts of the line above a listing. */
type Title = () => [left: string, right: string]

const ENTER = '\x1b[?1049h\x1b[?25l' // alternate screen, no cursor
const LEAVE = '\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const CLEAR_LINE = '\x1b[2K'
const CLEAR_REST = '\x1b[J'

/** The shell's exit status for a program ended by a signal. */
const STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const
const CTRL_C = '\x03'
const CTRL_Z = '\x1a'

/** The terminal: shows as much of a listing as fits on its alternate screen; q or Ctrl-C ends it, other keys go to `onKey`. */
export function terminalScreen(title: Title, onKey?: (typed: string) => void): Screen {
  const { stdin, stdout } = process
  const stop = new AbortController()
  const rows = (): number => stdout.rows || 24
  const screen: Screen = {
    get lines() {
      return rows() - 2
    },
    stop: stop.signal,
    wake() {},
    async draw(shown) {
      const lines = fit(title(), shown, rows(), stdout.columns || 80)
      const rest = lines.length < rows() ? `\n${CLEAR_REST}` : ''
      stdout.write(HOME + lines.map(line => CLEAR_LINE + line).join('\n') + rest)
    },
    close() {
      stdout.write(LEAVE)
      stdout.off('resize', resized)
      process.off('SIGTSTP', suspend).off('SIGCONT', enter)
      for (const { signal, end } of signals) process.off(signal, end)
      if (!stdin.isTTY) return
      stdin.off('data', key)
      stdin.setRawMode(false)
      stdin.pause()
    },
  }
  const enter = (): void => {
    if (stdin.isTTY) stdin.setRawMode(true) // Ctrl-C is a key then
    stdout.write(ENTER)
    screen.wake()
  }
  /** Returns the terminal to the shell; `fg` sends SIGCONT. */
  const suspend = (): void => {
    stdout.write(LEAVE)
    if (stdin.isTTY) stdin.setRawMode(false)
    process.kill(process.pid, 'SIGSTOP')
  }
  const resized = (): void => screen.wake()
  const key = (typed: Buffer): void => {
    if (typed.includes(CTRL_Z)) suspend()
    if (typed.includes(CTRL_C)) stop.abort(STATUS.SIGINT)
    else if (/q/i.test(typed.toString())) stop.abort(0)
    else onKey?.(typed.toString())
  }
  const signals = (['SIGHUP', 'SIGINT', 'SIGTERM'] as const).map(signal => ({
    signal,
    end: () => stop.abort(STATUS[signal]),
  }))
  for (const { signal, end } of signals) process.on(signal, end)
  stdout.on('resize', resized)
  stdout.on('error', () => stop.abort(STATUS.SIGHUP)) // the terminal has gone
  if (stdin.isTTY) stdin.on('data', key)
  process.on('SIGTSTP', suspend).on('SIGCONT', enter)
  enter()
  return screen
}

/** Without a terminal: one listing after another, errors to standard error, until the reader has gone. */
export function pipeScreen(title: Title): Screen {
  const { stdout, stderr } = process
  const stop = new AbortController()
  const gone = (error: NodeJS.ErrnoException): void => {
    endUnlessEpipe(error)
    stop.abort(0)
  }
  stdout.on('error', gone)
  return {
    lines: Infinity,
    stop: stop.signal,
    wake() {},
    async draw({ out, err }: Outcome) {
      if (err) stderr.write(err)
      if (out && !stdout.write(`${title().join('   ')}\n\n${out}\n`)) await once(stdout, 'drain')
    },
    close() {},
  }
}

/** The title, an empty line and a listing, cut to the terminal's size: missing lines are counted; a cut line ends in `>`. */
export function fit([left, right]: [string, string], shown: Shown, rows: number, columns: number): string[] {
  const gap = Math.max(1, columns - left.length - right.length)
  const lines = [left + ' '.repeat(gap) + right, '', ...firstRows(shown, rows - 2)]
  return lines.slice(0, rows).map(line => {
    const shown = line.trimEnd().replace(/[\p{Cc}\p{Bidi_C}]/gu, '?')
    return shown.length > columns ? `${shown.slice(0, columns - 1)}>` : shown
  })
}

/** The last row says how many lines did not fit. */
function firstRows({ out, err, isCut }: Shown, rows: number): string[] {
  const lines = (out || err).trimEnd().split('\n')
  if (lines.length <= rows && !isCut) return lines
  const shown = Math.max(0, Math.min(lines.length, rows - 1))
  const missing = lines.length - shown
  return [
    ...lines.slice(0, shown),
    isCut ? '… more lines' : missing === 1 ? '… 1 more line' : `… ${missing} more lines`,
  ]
}
