import type { Control } from '../../../control/protocol/api.js'
import { reasonOf } from '../../../linux/error-text.js'
import { rotate, whyNotReplaced, writeRecordingFile } from '../record/recording-file.js'
import { counted, fetchRecording, writeRecording } from '../record/write-recording.js'
import { DropJumps } from './drop-jumps.js'
import type { RecordingOptions } from './record-options.js'

/** The signal would end a director that does not record. Returns what takes that back. */
export function recordNothing(tell: (line: string) => void): { close(): Promise<void> } {
  const onSignal = (): void => tell('SIGUSR2: nothing is recorded: --record FILE')
  process.on('SIGUSR2', onSignal)
  return { close: async () => void process.off('SIGUSR2', onSignal) }
}

const LOOK_MS = 1000
/** Between two recordings that nobody asked for. */
const APART_MS = 60_000

/**
 * Writes what is recorded to --record's file on SIGUSR2 (SIGUSR1 would start Node's inspector), and when drops for a reason jump. An
 * earlier recording is kept beside it. What cannot be written costs a line, and no frame.
 */
export class DirectorRecording {
  readonly #options: RecordingOptions
  readonly #control: Control
  readonly #tell: (line: string) => void
  readonly #jumps: DropJumps
  readonly #timer: NodeJS.Timeout | undefined
  readonly #onSignal = (): void => void this.#write('SIGUSR2')
  #writing: Promise<void> | undefined
  /** A jump that is to be recorded as soon as the last one is long enough ago. */
  #due: { reason: string; perSecond: number } | undefined
  #jumpedMs = -Infinity

  /** Why the file cannot be written, in a line. */
  static whyNot({ file }: RecordingOptions): string | undefined {
    const why = whyNotReplaced(file)
    return why === undefined ? undefined : `--record: ${why}`
  }

  constructor(options: RecordingOptions, control: Control, tell: (line: string) => void) {
    this.#options = options
    this.#control = control
    this.#tell = tell
    this.#jumps = new DropJumps(options.rate)
    process.on('SIGUSR2', this.#onSignal)
    if (options.rate === 0) return
    this.#timer = setInterval(() => void this.#look(), LOOK_MS)
    this.#timer.unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    process.off('SIGUSR2', this.#onSignal)
    await this.#writing
  }

  async #look(): Promise<void> {
    const reply = await this.#control.call({ op: 'verdicts' }).catch(() => undefined)
    if (!reply?.ok) return
    const nowMs = performance.now()
    this.#due ??= this.#jumps.look(reply.value, nowMs)
    const jump = this.#due
    if (jump === undefined || nowMs - this.#jumpedMs < APART_MS) return
    this.#due = undefined
    this.#jumpedMs = nowMs
    await this.#write(`${jump.reason} is ${Math.round(jump.perSecond)} a second`)
  }

  /** One at a time: who asks meanwhile gets that one. */
  #write(why: string): Promise<void> {
    this.#writing ??= this.#writeNow(why).finally(() => (this.#writing = undefined))
    return this.#writing
  }
  async #writeNow(why: string): Promise<void> {
    const { file } = this.#options
    try {
      const recording = await fetchRecording(this.#control)
      writeRecordingFile(
        file,
        fd => writeRecording(recording, fd),
        () => rotate(file),
      )
      this.#tell(`${why}: recorded to ${file}: ${counted(recording)}`)
    } catch (error) {
      this.#tell(`${why}: --record ${file}: ${reasonOf(error)}`)
    }
  }
}
