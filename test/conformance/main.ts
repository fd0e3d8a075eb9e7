/*
 * npm run conformance -- [DIR|FILE…]: plays what the real kernel did on the director and compares every octet.
 * npm run conformance -- --beside [DIR|FILE…]: the same with uvs beside a kernel that holds the rig's addresses and routes.
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
import type { Mode } from './rig.js'
import { transcripts } from './transcripts/transcripts.js'
import { ConformanceUsageError } from './usage-error.js'

const HELP = `usage: npm run conformance [-- [--beside] DIR|FILE…]
       npm run conformance -- --live [--beside] [--seed N] [--count N]
       npm run conformance -- --transcripts|--keepalived [--seed N] [--count N]
Plays recordings of the real kernel on the director and compares every octet; those of the project unless others are named.
  --live           random scenarios, on uvs and on the kernel itself in user-mode-linux
  --transcripts    random command lines, on uvsadm and on ipvsadm with that kernel
  --keepalived     random configurations, for uvs keepalived check and for the real keepalived -t
  --beside         uvs shares the rig with a kernel, which holds all addresses and gets what uvs leaves
  --seed N         what they are drawn from; printed where it is not told
  --count N        how many of them; 25 unless told
`

const args = process.argv.slice(2)
/** The recordings to play: ours if none is named. */
function paths(words: readonly string[]): string[] {
  const option = words.find(word => word.startsWith('-'))
  if (option !== undefined)
    throw new ConformanceUsageError(
      `'${option}': only DIR… with --beside, or --live with --beside, --transcripts or --keepalived with --seed N and --count N`,
    )
  return words.length > 0 ? [...words] : OWN_CASES
}

const drawn = (words: readonly string[]) => parseLiveArguments(words, () => randomInt(2 ** 32))

/** Against the kernel itself, or its recordings. */
function run(): Promise<boolean> {
  const isLive = args.includes('--live')
  const mode: Mode = args.includes('--beside') ? 'beside' : 'exclusive'
  const others = args.filter(word => word !== '--beside')
  if (others[0] === '--transcripts' && mode === 'exclusive') return transcripts(drawn(others.slice(1)), print)
  if (others[0] === '--keepalived' && mode === 'exclusive') return keepalived(drawn(others.slice(1)), print)
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
