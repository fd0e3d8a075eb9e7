import { hostname } from 'node:os'
import type { Shown } from '../run.js'

/** The display on which a listing is shown repeatedly. */
export interface Screen {
  /** The visible part of a listing. */
  readonly lines: number
  /** Aborted when the display is closed; its reason is the exit status. */
  readonly stop: AbortSignal
  /** Called by the screen to redraw now. */
  wake: () => void
  draw(shown: Shown): Promise<void>
  /** Restores the terminal. */
  close(): void
}

/** Shows the result of `list`, also a failure, then waits `every` seconds, repeatedly; returns the exit status. */
export async function watch(every: number, list: (lines: number) => Promise<Shown>, screen: Screen): Promise<number> {
  let timer: NodeJS.Timeout | undefined
  try {
    while (!screen.stop.aborted) {
      const shown = await unlessStopped(list(screen.lines), screen.stop)
      if (shown) await unlessStopped(screen.draw(shown), screen.stop)
      const time = new Promise<void>(resolve => {
        timer = setTimeout(resolve, every * 1000)
        screen.wake = resolve
      })
      await unlessStopped(time, screen.stop)
      clearTimeout(timer)
    }
    return screen.stop.reason as number
  } finally {
    screen.close()
  }
}

/** The result of `work`; undefined if stopped first. Removes its listener from `stop`, which lives longer. */
function unlessStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stopped = (): void => resolve(undefined)
    if (stop.aborted) stopped()
    stop.addEventListener('abort', stopped)
    work.then(resolve, reject).finally(() => stop.removeEventListener('abort', stopped))
  })
}

/** Like watch's title: `Every 2.0s: uvsadm -Ln --stats`, then the host's name and the time. */
export function watchTitle(every: number, argv: readonly string[]): () => [left: string, right: string] {
  return titleOf(every, commandShown(argv))
}

/** The same of a command as it is shown. */
export function titleOf(every: number, command: string): () => [left: string, right: string] {
  const seconds = every.toFixed(Math.max(1, String(every).split('.')[1]?.length ?? 0))
  const left = `Every ${seconds}s: ${command}`
  return () => {
    const [day, month, date, year, time] = new Date().toString().split(' ')
    return [left, `${hostname()}: ${day} ${month} ${date} ${time} ${year}`]
  }
}

/** The watched command: without --watch, and with -Ln if there is none. */
function commandShown(argv: readonly string[]): string {
  const at = argv.findIndex(word => /^--watch(=|$)/.test(word))
  const isValueNext = argv[at] === '--watch' && argv[at + 1]?.startsWith('-') === false
  const words = argv.toSpliced(at, isValueNext ? 2 : 1)
  const isNamed = /^(-[Ll]|--list$)/.test(words[0] ?? '')
  return ['uvsadm', ...(isNamed ? [] : ['-Ln']), ...words].join(' ')
}
