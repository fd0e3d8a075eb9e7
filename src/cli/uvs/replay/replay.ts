import { closeSync } from 'node:fs'
import { Came } from '../../../../native-free/replay/arrivals.js'
import { Replay } from '../../../../native-free/replay/replay.js'
import { timedRun } from '../../../../native-free/replay/timed-run.js'
import { CaptureError } from '../../../capture/capture-error.js'
import { CaptureReader } from '../../../capture/capture-reader.js'
import { PcapngWriter } from '../../../capture/pcapng-writer.js'
import { localControl } from '../../../control/operations/execute.js'
import type { Control } from '../../../control/protocol/api.js'
import { reasonOf } from '../../../linux/error-text.js'
import { packageVersion } from '../../../package-version.js'
import { loadScheduler } from '../../../plane/load-scheduler.js'
import { print, printPieces } from '../../command.js'
import { ready } from '../../uvsadm/run.js'
import type { UvsCommand } from '../command.js'
import { runLine } from '../rules/script-lines.js'
import { complain } from '../run-uvs.js'
import { mustDiffer } from '../simulate/write-whole.js'
import { showVerdicts } from '../verdicts.js'
import { beginRules } from './begin-rules.js'
import { LineWriter } from './line-writer.js'
import { type OpenCapture, openCapture } from './open-capture.js'
import { OutputFile } from './output-file.js'
import { Progress } from './progress.js'
import { parseReplayOptions, REPLAY_FORM, type ReplayCommand, type TimedLine } from './replay-options.js'

export const replay: UvsCommand = {
  name: 'replay',
  help: `Puts a capture's frames through a director, on the capture's own clock, and says what became of each: timeouts pass in an instant.
It needs no privileges and opens no interface. Then it lists the rules, connections and counters as uvsadm does (docs/replay.md).
Status: 0, 1 if the capture is corrupt (what was read until there is kept) or a line of --at failed, 2 for a wrong command line.`,
  forms: [REPLAY_FORM],
  async run(args) {
    const command = parseReplayOptions(args)
    const files = new Files(command)
    try {
      return await replayFiles(command, files)
    } catch (error) {
      throw isOfWriting(error) ? new Error(`${files.written}: ${reasonOf(error)}`) : error
    } finally {
      files.close()
    }
  },
}

/** The files of a command. UsageError if one cannot be opened, or would be written over another. */
class Files {
  readonly in: OpenCapture
  readonly out: OutputFile | undefined
  readonly json: OutputFile | undefined
  /** Those that are written, by their options. */
  readonly written: string

  constructor({ in: capture, rules, out, json }: ReplayCommand) {
    for (const read of [
      ['--in', capture],
      ['--rules', rules === '-' ? undefined : rules],
    ] as const)
      mustDiffer([read, ['--out', out], ['--json', json]])
    this.in = openCapture('--in', capture)
    this.out = out === undefined ? undefined : new OutputFile('--out', out)
    this.json = json === undefined ? undefined : new OutputFile('--json', json)
    const written = { '--out': out, '--json': json }
    this.written = Object.entries(written)
      .flatMap(([option, path]) => (path === undefined ? [] : `${option} ${path}`))
      .join(', ')
  }
  /** Nothing is wrong with the command, its rules and the capture's beginning. */
  begin(): void {
    this.out?.begin()
    this.json?.begin()
  }
  close(): void {
    this.out?.close()
    this.json?.close()
    closeSync(this.in.fd)
  }
}

function isOfWriting(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).syscall === 'write'
}

async function replayFiles(command: ReplayCommand, files: Files): Promise<number> {
  const { director, links, hasStandIns, in: name } = command
  const reader = readerOf(files.in.fd, name)
  const schedulers = await Promise.all(command.schedulers.map(loadScheduler))
  const out = files.out === undefined ? undefined : writerTo(files.out.fd, links)
  const json = files.json && new LineWriter(files.json.fd)
  const problems = new Set<string>()
  const report = (problem: string): void => void problems.add(problem)
  const replayed = new Replay({
    capture: reader,
    links,
    director: { ...director, schedulers, report },
    hasStandIns,
    out,
    tell: json?.write,
  })
  const control = localControl(replayed.director)
  await beginRules(control, command)
  files.begin()
  replayed.settle()
  const run = new Run(replayed, control, reader, new Progress(files.in.size))
  const corrupt = await run.all(command.at)
  json?.flush() // the reader of what is printed now may go away, which ends this process
  for (const problem of problems) complain('replay', problem)
  print({ status: 0, out: summary(name, replayed), err: '' })
  await showTables(control)
  if (corrupt) complain('replay', `${name}: ${corrupt.message}`)
  return corrupt || run.hasFailed ? 1 : 0
}

function readerOf(fd: number, name: string): CaptureReader {
  try {
    return new CaptureReader(fd)
  } catch (error) {
    throw error instanceof CaptureError ? new Error(`${name}: ${error.message}`) : error
  }
}
function writerTo(fd: number, links: ReplayCommand['links']): PcapngWriter {
  return new PcapngWriter(
    fd,
    `uvs replay ${packageVersion()}`,
    links.map(link => link.name),
  )
}

/** The frames and the lines of --at, by their times. */
class Run {
  /** A line of --at failed. */
  hasFailed = false
  readonly #replay: Replay
  readonly #control: Control
  readonly #reader: CaptureReader
  readonly #progress: Progress

  constructor(replay: Replay, control: Control, reader: CaptureReader, progress: Progress) {
    this.#replay = replay
    this.#control = control
    this.#reader = reader
    this.#progress = progress
  }

  /** Returns what is wrong with the capture. */
  async all(lines: readonly TimedLine[]): Promise<CaptureError | undefined> {
    const steps = lines.map(line => ({ ms: line.ms, run: () => this.#line(line) }))
    const corrupt = await timedRun(this.#replay, steps, () =>
      this.#progress.show(this.#reader.offset, this.#reader.frames),
    )
    this.#progress.end()
    return corrupt
  }

  async #line({ ms, words }: TimedLine): Promise<void> {
    const outcome = await runLine(words, this.#control, {
      sleep: seconds => Promise.resolve(this.#replay.passUntil(ms + seconds * 1000)),
    })
    this.#replay.settle()
    this.hasFailed ||= outcome.status !== 0
    print({ ...outcome, out: `at ${ms / 1000} s $ ${words.join(' ')}\n${outcome.out}` })
  }
}

function summary(name: string, { frames, clock, arrivals }: Replay): string {
  const left = [
    [Came.SENT_THEN, 'that the host had sent itself'],
    [Came.UNKNOWN_LINK, `of link types that are not known: ${[...arrivals.unknownLinks].join(', ')}`],
    [Came.TOO_SHORT, 'shorter than the header of their link'],
    [Came.TOO_LONG, 'longer than any IPv4 packet'],
  ] as const
  const lines = [
    `${name}: ${frames.read} frames in ${Math.max(clock.sinceStart, 0) / 1000} s of the capture, ${frames.taken} came in, ${frames.sent} were sent`,
    ...left
      .filter(([came]) => arrivals.counts[came]! > 0)
      .map(([came, what]) => `left out: ${arrivals.counts[came]} ${what}`),
    ...(arrivals.cut > 0 ? [`captured in part: ${arrivals.cut}; the rest of each was taken as 0`] : []),
    ...(clock.backwards > 0 ? [`earlier than the frame before: ${clock.backwards}, taken at that one's time`] : []),
    ...(clock.cut > 0 ? [`gaps of more than 32 days: ${clock.cut}, taken as such`] : []),
  ]
  return lines.map(line => `${line}\n`).join('')
}

async function showTables(control: Control): Promise<void> {
  print({ status: 0, out: '\n$ uvs verdicts\n', err: '' })
  print(await showVerdicts(false, control))
  for (const args of [['-Ln'], ['-Ln', '--stats'], ['-Lnc']]) {
    print({ status: 0, out: `\n$ uvsadm ${args.join(' ')}\n`, err: '' })
    const { run } = await ready(args)
    await printPieces(await run(control))
  }
}
