export interface BenchOptions {
  rounds: number
  /** The names of runners and measures; by default all. */
  only: string[]
  measure: string[]
  json?: string
  markdown?: string
  /** The folder for the charts. */
  svg?: string
  /** Requests a second at half load; by default half of what the round's first runner carries. */
  rate?: number
  /** How many services uvs has, the loaded ones among them. */
  services: number
}

const ROUNDS = 5
/** Those of the loads: TCP and UDP. */
const LEAST_SERVICES = 2
const HELP =
  'the options are --rounds N, --only NAME,…, --measure NAME,…, --rate N, --services N, --json FILE, --markdown FILE and --svg DIR'

/** What --help prints. */
export function benchHelp(runners: readonly string[], measures: readonly string[]): string {
  return `usage: npm run bench:lab [-- OPTIONS]
The same load through uvs and what a user would take in its place, by turns, in network namespaces; as root (docs/bench.md).
  --rounds N          so many rounds, 1 to 99; ${ROUNDS} unless told
  --only NAME,…       of ${runners.join(', ')}
  --measure NAME,…    of ${measures.join(', ')}
  --rate N            requests a second at half load; half of what the first one carries unless told
  --services N        how many services uvs has, ${LEAST_SERVICES} to 40000; ${LEAST_SERVICES} unless told
  --json FILE         the figures, for programs
  --markdown FILE     a table
  --svg DIR           charts
`
}

/** Reads the command line. Throws an Error with one line that says what is wrong and what is allowed. */
export function parseBench(
  args: readonly string[],
  runners: readonly string[],
  measures: readonly string[],
): BenchOptions {
  const options: BenchOptions = { rounds: ROUNDS, only: [...runners], measure: [...measures], services: LEAST_SERVICES }
  for (let i = 0; i < args.length; i += 2) {
    const [option = '', value = ''] = args.slice(i, i + 2)
    if (!TAKERS.includes(option)) throw new Error(`'${option}': ${HELP}`)
    if (value === '') throw new Error(`${option}: a value is missing: ${HELP}`)
    if (option === '--json') options.json = value
    else if (option === '--markdown') options.markdown = value
    else if (option === '--svg') options.svg = value
    else if (option === '--rate') options.rate = rate(value)
    else if (option === '--services') options.services = services(value)
    else if (option === '--only') options.only = names(option, value, runners)
    else if (option === '--measure') options.measure = names(option, value, measures)
    else options.rounds = rounds(value)
  }
  return options
}

const TAKERS = ['--rounds', '--only', '--measure', '--rate', '--services', '--json', '--markdown', '--svg']

function rounds(value: string): number {
  if (!/^[1-9]\d?$/.test(value)) throw new Error(`--rounds: '${value}' is not one of 1 to 99`)
  return Number(value)
}

function rate(value: string): number {
  if (!/^[1-9]\d{0,6}$/.test(value)) throw new Error(`--rate: '${value}' is not one of 1 to 9999999 requests a second`)
  return Number(value)
}

function services(value: string): number {
  if (/^[1-9]\d{0,4}$/.test(value) && Number(value) >= LEAST_SERVICES && Number(value) <= 40_000) return Number(value)
  throw new Error(`--services: '${value}' is not one of ${LEAST_SERVICES} to 40000`)
}

/** The named members of `known`, in its order. */
function names(option: string, value: string, known: readonly string[]): string[] {
  const wanted = value.split(',')
  const strange = wanted.find(name => !known.includes(name))
  if (strange !== undefined) throw new Error(`${option}: '${strange}' is not one of ${known.join(', ')}`)
  return known.filter(name => wanted.includes(name))
}
