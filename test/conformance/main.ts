/*
 * npm run conformance -- [DIR|FILE…]: plays what the real kernel did on the director and compares every octet.
 * npm run conformance -- --beside [DIR|FILE…]: the same with uvs beside a kernel that holds the rig's addresses and routes.
 * npm run conformance -- --offload[=program] …: the same, also with --beside or --live, with flows that a program forwards from
 * their first packet on.
 * npm run conformance -- --live [--beside] [--seed N] [--count N]: compares with the kernel itself, in scenarios drawn from a seed.
 * npm run conformance -- --transcripts [--seed N] [--count N]: compares uvsadm with ipvsadm on that kernel, in command
 * lines drawn from a seed.
 * npm run conformance -- --keepalived [--seed N] [--count N]: compares `uvs keepalived check` with `keepalived -t`, in
 * configurations drawn from a seed.
 */
import { randomInt } from 'node:crypto'
import { conformance } from './conformance.js'
import { OWN_CASES } from './files.js'
import { parseLiveArguments } from './live/live-arguments.js'
import { keepalived } from './keepalived/keepalived.js'
import { live } from './live/live.js'
import { takeMode } from './mode-words.js'
import { transcripts } from './transcripts/transcripts.js'
import { ConformanceUsageError } from './usage-error.js'

const HELP = `usage: npm run conformance [-- [--beside] [--offload[=program]] DIR|FILE…]
       npm run conformance -- --live [--beside] [--offload[=program]] [--seed N] [--count N]
       npm run conformance -- --transcripts|--keepalived [--seed N] [--count N]
Plays recordings of the real kernel on the director and compares every octet; those of the project unless others are named.
  --live           random scenarios, on uvs and on the kernel itself in user-mode-linux
  --transcripts    random command lines, on uvsadm and on ipvsadm with that kernel
  --keepalived     random configurations, for uvs keepalived check and for the real keepalived -t
  --beside         uvs shares the rig with a kernel, which holds all addresses and gets what uvs leaves
  --offload        the packets of open connections, from the first on, meet a twin of the flow program before the director;
                   with =program that itself, run by this machine's kernel (as root)
  --seed N         what they are drawn from; printed where it is not told
  --count N        how many of them; 25 unless told
`

const args = process.argv.slice(2)
/** The recordings to play: ours if none is named. */
function paths(words: readonly string[]): string[] {
  const option = words.find(word => word.startsWith('-'))
  if (option !== undefined)
    throw new ConformanceUsageError(
      `'${option}': only DIR… with --beside and --offload, or --live with them, --transcripts or --keepalived with --seed N and --count N`,
    )
  return words.length > 0 ? [...words] : OWN_CASES
}

const drawn = (words: readonly string[]) => parseLiveArguments(words, () => randomInt(2 ** 32))

/** Against the kernel itself, or its recordings. */
function run(): Promise<boolean> {
  const isLive = args.includes('--live')
  const { mode, others } = takeMode(args)
  const isPlain = others.length === args.length
  if (others[0] === '--transcripts' && isPlain) return transcripts(drawn(others.slice(1)), print)
  if (others[0] === '--keepalived' && isPlain) return keepalived(drawn(others.slice(1)), print)
  return isLive ? live(drawn(others), print, mode) : conformance(paths(others), print, mode)
}

const print = (line: string) => process.stdout.write(`${line}\n`)

try {
  if (args.some(arg => arg === '--help' || arg === '-h')) print(HELP.trimEnd())
  else process.exitCode = (await run()) ? 0 : 1
} catch (error) {
  if (!(error instanceof ConformanceUsageError)) throw error
  process.stderr.write(`conformance: ${error.message}\n`)
  process.exitCode = 2
}
