import { setImmediate as otherWork } from 'node:timers/promises'
import type { Outcome } from '../../../src/control/protocol/api.js'
import { Kernel, whyNoKernel } from '../live/kernel.js'
import type { LiveArguments } from '../live/live-arguments.js'
import { reduce } from '../live/reduce.js'
import { withOurName } from '../../support/transcript.js'
import { comparable } from './comparable.js'
import { generateLines, type Line } from './generate-lines.js'
import { playOnKernel, playOnUvs, prepare } from './play-lines.js'

const REDUCING_TRIES = 60

interface Difference {
  lines: readonly Line[]
  kernel: Outcome
  uvs: Outcome
}

/**
 * Plays random command lines with the real ipvsadm on the real kernel and with uvsadm, and prints what differs: output,
 * messages, exit status. Answers whether nothing did. Where there is no kernel nothing is compared.
 */
export async function transcripts({ seed, count }: LiveArguments, print: (line: string) => void): Promise<boolean> {
  const reason = whyNoKernel()
  if (reason) {
    print(`0 passed, 0 failed, comparison with ipvsadm skipped: ${reason}`)
    return true
  }
  print(`comparison with ipvsadm on Linux under user-mode-linux: --seed ${seed} --count ${count}`)
  const kernel = Kernel.boot()
  let failed = 0
  let played = 0
  try {
    prepare(kernel)
    for (let index = 0; index < count; index++) {
      await otherWork()
      const lines = generateLines(seed, index)
      played += lines.length
      const found = await difference(kernel, lines)
      if (!found) continue
      failed++
      for (const line of report(await shortest(kernel, found))) print(line)
    }
  } finally {
    kernel.down()
  }
  print(`${count - failed} passed, ${failed} failed: ${played} lines`)
  return failed === 0
}

/** The first line that the two answer differently, behind those that led to it. */
async function difference(kernel: Kernel, lines: readonly Line[]): Promise<Difference | undefined> {
  const [wanted, got] = [playOnKernel(kernel, lines), await playOnUvs(lines)]
  const at = wanted.findIndex((outcome, index) => !isSame(lines[index]!, outcome, got[index]!))
  return at < 0 ? undefined : { lines: lines.slice(0, at + 1), kernel: wanted[at]!, uvs: got[at]! }
}

/** Where the kernel has not got so far as to start a daemon, uvs says that it cannot. */
function isSame(line: Line, kernel: Outcome, uvs: Outcome): boolean {
  if (uvs.err.startsWith('--start-daemon: ')) return uvs.status === kernel.status && kernel.out === ''
  const out = (outcome: Outcome) => (line.includes('--nosort') ? anyOrder : comparable)(outcome.out)
  return kernel.status === uvs.status && withOurName(kernel.err) === uvs.err && out(kernel) === out(uvs)
}

/** The kernel lists services by a hash with a constant that each boot draws. */
function anyOrder(out: string): string {
  return out
    .split(/^(?=TCP|UDP|SCTP|FWM)/m)
    .toSorted()
    .join('')
}

async function shortest(kernel: Kernel, found: Difference): Promise<Difference> {
  const shows = async (lines: Line[]) => (await difference(kernel, lines)) !== undefined
  const lines = await reduce([...found.lines], shows, REDUCING_TRIES)
  return (await difference(kernel, lines)) ?? found
}

function report({ lines, kernel, uvs }: Difference): string[] {
  const script = lines.map(line => `      | ipvsadm ${line.map(shown).join(' ')}`)
  return ['FAIL', ...script, '      ipvsadm:', ...outcomeLines(kernel), '      uvsadm:', ...outcomeLines(uvs)]
}

function outcomeLines({ status, out, err }: Outcome): string[] {
  const lines = [
    ...out.split('\n').slice(0, -1),
    ...err
      .split('\n')
      .slice(0, -1)
      .map(line => `E: ${line}`),
    `= ${status}`,
  ]
  return lines.map(line => `        ${line}`)
}

function shown(word: string): string {
  return /^[\w.:,[\]=/+-]+$/.test(word) ? word : `'${word}'`
}
