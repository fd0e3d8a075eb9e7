import { LEAST_RECORD, MOST_RECORD, type RecordOptions } from '../../../director/flight-recorder.js'
import { UsageError } from '../../../director/options.js'
import type { Option } from '../../option.js'
import type { Given } from '../options/read-options.js'
import { wholeNumber } from '../options/whole-number.js'

/** What is recorded, and when it is written. */
export interface RecordingOptions {
  readonly file: string
  /** It is written when so many frames a second are dropped for a reason; 0: not by itself. */
  readonly rate: number
  readonly record: RecordOptions
}

const DEFAULT_SIZE = '4M'
const DEFAULT_SAMPLE = 1000
const DEFAULT_RATE = 1000
const MOST = 1_000_000_000
const UNITS: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

export const RECORD_OPTIONS: readonly Option[] = [
  {
    flags: ['--record'],
    value: 'FILE',
    is: 'file',
    help: 'records dropped frames and sampled connections; written there on SIGUSR2, and when drops jump; uvs record',
  },
  {
    flags: ['--record-size'],
    value: 'SIZE',
    help: `memory for it, taken at the start, all workers together: 256k to 1g; ${DEFAULT_SIZE} unless given`,
  },
  {
    flags: ['--record-sample'],
    value: 'N',
    help: `of N new connections one is recorded, 0 for none; ${DEFAULT_SAMPLE} unless given`,
  },
  {
    flags: ['--record-rate'],
    value: 'N',
    help: `written when N frames a second are dropped for a reason, 0 for never; ${DEFAULT_RATE} unless given`,
  },
]

/** Undefined: nothing is recorded. UsageError for what is invalid. `workers` divide the memory. */
export function readRecord(given: Given, workers: number): RecordingOptions | undefined {
  const file = given.one('--record')
  if (file === undefined) {
    for (const flag of ['--record-size', '--record-sample', '--record-rate'])
      if (given.has(flag)) throw new UsageError(`${flag} goes with --record FILE`)
    return undefined
  }
  if (file === '') throw new UsageError('--record: a file, such as /var/log/uvs.pcapng')
  const octets = readSize(given.one('--record-size') ?? DEFAULT_SIZE)
  if (octets / workers < LEAST_RECORD)
    throw new UsageError(
      `--record-size: '${given.one('--record-size')}' is less than 256k for each of ${workers} workers`,
    )
  return {
    file,
    rate: wholeNumber('--record-rate', given.one('--record-rate'), 0, MOST) ?? DEFAULT_RATE,
    record: {
      octets,
      sampleEvery: wholeNumber('--record-sample', given.one('--record-sample'), 0, MOST) ?? DEFAULT_SAMPLE,
    },
  }
}

function readSize(text: string): number {
  const match = /^(\d{1,10})([kmg])$/i.exec(text)
  const octets = match ? Number(match[1]) * UNITS[match[2]!.toLowerCase()]! : NaN
  if (!(octets >= LEAST_RECORD && octets <= MOST_RECORD))
    throw new UsageError(`--record-size: '${text}' is no size from 256k to 1g, such as ${DEFAULT_SIZE}`)
  return octets
}
