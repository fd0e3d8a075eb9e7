import { pipeline } from 'node:stream/promises'
import type { Outcome } from '../control/protocol/api.js'
import { reasonOf } from '../linux/error-text.js'
import type { Option } from './option.js'

export const DEFAULT_CONTROL = '/run/uvs/uvs.sock'

/** The option of every command that connects to a director. */
export const CONTROL: Option = {
  flags: ['--control'],
  value: 'PATH',
  is: 'file',
  help: `the director's control socket; default $UVS_CONTROL, else ${DEFAULT_CONTROL}`,
}

/** The control socket if there is no --control. */
export function defaultControl(env: NodeJS.ProcessEnv = process.env): string {
  return env['UVS_CONTROL'] || DEFAULT_CONTROL
}

/** The option of every command that lists something. */
export const AS_JSON: Option = { flags: ['--json'], help: 'as a JSON document (docs/json.md)' }

/** Takes `--control PATH` (or `--control=PATH`) out of the arguments. `path` is undefined if its value is missing. */
export function takeControl(argv: readonly string[]): { path: string | undefined; rest: string[] } {
  const at = argv.findIndex(arg => arg === '--control' || arg.startsWith('--control='))
  const flag = argv[at]
  if (flag === undefined) return { path: defaultControl(), rest: [...argv] }
  if (flag !== '--control') return { path: flag.slice('--control='.length) || undefined, rest: argv.toSpliced(at, 1) }
  return { path: argv[at + 1] || undefined, rest: argv.toSpliced(at, 2) }
}

/** Who complains of a write that failed. */
let self = 'uvs'
/** As it was called: 'uvs offload', 'uvsadm'. */
export function callItself(name: string): void {
  self = name
}

/** Writes a command's output. The reader may stop early (`| head`): then the rest is dropped silently. */
export function print({ status, out, err }: Outcome): number {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners('error').includes(endUnlessEpipe)) stream.on('error', endUnlessEpipe)
  }
  process.stdout.write(out)
  process.stderr.write(err)
  return status
}

/** Writes standard output piece by piece, no faster than it is read. Returns 0; throws errors of the pieces. */
export async function printPieces(output: string | AsyncIterable<string>): Promise<number> {
  if (typeof output === 'string') return print({ status: 0, out: output, err: '' })
  print({ status: 0, out: '', err: '' })
  try {
    await pipeline(output, process.stdout, { end: false })
  } catch (error) {
    ignoreEpipe(error as NodeJS.ErrnoException)
  }
  return 0
}

/** Reports a failed write, such as to a full disk, in a line, with exit status 1. */
export function endUnlessEpipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return
  process.stderr.write(`${self}: cannot write to standard output: ${reasonOf(error)}\n`)
  process.exit(1)
}

/** For programs that go on after the reader of their output has gone. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error').on('error', () => {})
}

function ignoreEpipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
