import { parseArgs } from 'node:util'
import { MAX_CONNECTIONS } from '../../src/conn/table.js'

const DEFAULT_CONNECTIONS = [1_000, 4_000_000]
const DEFAULT_ROUNDS = 5

export const USAGE =
  'the options are --connections N[,N…] (1 to 16777216), --rounds N (1 to 100), --plain-pages, --json FILE; NAME… chooses measures'

/** What --help prints. */
export const HELP = `usage: npm run bench [-- OPTIONS] [NAME…]
What a packet, a connection and a lookup cost in one process (docs/bench-in-process.md). A NAME chooses the measures
whose names hold it.
  --connections N,…   sizes of the connection table, 1 to ${MAX_CONNECTIONS}; ${DEFAULT_CONNECTIONS.join(',')} unless told
  --rounds N          1 to 100; ${DEFAULT_ROUNDS} unless told
  --plain-pages       tables in pages of 4 KiB
  --json FILE         the figures, for programs
`

export interface Options {
  connections: number[]
  rounds: number
  plainPages: boolean
  json: string | undefined
  /** Parts of names to select by; none: everything. */
  names: string[]
}

/** Throws an Error with one line for a malformed command line. */
export function parseOptions(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    options: {
      connections: { type: 'string', multiple: true },
      rounds: { type: 'string', multiple: true },
      'plain-pages': { type: 'boolean', default: false },
      json: { type: 'string', multiple: true },
    },
    allowPositionals: true,
  })
  const [connections, rounds, json] = (['connections', 'rounds', 'json'] as const).map(name => once(name, values[name]))
  return {
    connections:
      connections?.split(',').map(text => whole('--connections', text, MAX_CONNECTIONS)) ?? DEFAULT_CONNECTIONS,
    rounds: rounds === undefined ? DEFAULT_ROUNDS : whole('--rounds', rounds, 100),
    plainPages: values['plain-pages'],
    json,
    names: positionals,
  }
}

function once(name: string, given: string[] = []): string | undefined {
  if (given.length > 1) throw new Error(`--${name} is given twice`)
  return given[0]
}

function whole(option: string, text: string, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN
  if (!(value >= 1 && value <= most)) throw new Error(`${option}: '${text}' is not a number from 1 to ${most}`)
  return value
}
