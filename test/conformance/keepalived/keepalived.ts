import { setImmediate as otherWork } from 'node:timers/promises'
import { formatMessage } from '../../../src/keepalived/config/report.js'
import { messagesOf } from '../../keepalived/config/recorded-cases.js'
import type { LiveArguments } from '../live/live-arguments.js'
import { reduce } from '../live/reduce.js'
import { generateConfig } from './generate-config.js'
import { RealKeepalived, type Said, whyNoKeepalived } from './real-keepalived.js'

const REDUCING_TRIES = 80
const FIRST_SIGNAL = 128

/**
 * Asks the real `keepalived -t` and uvs about random configurations, and prints those of which the exit status differs. Messages that
 * uvs does not have at the same line are counted. Answers whether no status differed. Where there is no keepalived nothing is compared.
 */
export async function keepalived({ seed, count }: LiveArguments, print: (line: string) => void): Promise<boolean> {
  const reason = whyNoKeepalived()
  if (reason) {
    print(`0 passed, 0 failed, comparison with keepalived skipped: ${reason}`)
    return true
  }
  print(`comparison with keepalived -t: --seed ${seed} --count ${count}`)
  const real = new RealKeepalived()
  const counts = { same: 0, different: 0, crashed: 0, unsaid: 0 }
  try {
    for (let index = 0; index < count; index++) {
      await otherWork()
      const text = generateConfig(seed, index)
      const said = real.ask(text)
      const { status, messages } = real.uvs(text)
      if (said.status >= FIRST_SIGNAL) counts.crashed++
      else if (said.status === status) counts.same++
      else {
        counts.different++
        for (const line of await report(text, real)) print(line)
      }
      if (unsaid(said, text, messages.map(formatMessage)) > 0) counts.unsaid++
    }
  } finally {
    real.close()
  }
  const compared = counts.same + counts.different
  const share = compared === 0 ? 0 : (100 * counts.same) / compared
  print(
    `${counts.same} passed, ${counts.different} failed: ${share.toFixed(2)} % of ${compared} have the same exit status`,
  )
  print(`${counts.crashed} crashed or hung keepalived; of ${counts.unsaid} keepalived says something that uvs does not`)
  return counts.different === 0
}

/** Messages that uvs does not have at that line. Line numbers of the file's last lines differ between keepalived's own processes. */
function unsaid({ status, output }: Said, text: string, ours: readonly string[]): number {
  if (status >= FIRST_SIGNAL) return 0
  const last = text.split('\n').length - 1
  const isSaid = ({ line, text: words }: { line?: number; text: string }): boolean =>
    ours.some(message => (line === undefined || message.includes(`:${line}: `)) && message.includes(words))
  return messagesOf(output).filter(message => (message.line ?? 0) < last && !isSaid(message)).length
}

async function report(text: string, real: RealKeepalived): Promise<string[]> {
  const differs = async (lines: string[]): Promise<boolean> => {
    const said = real.ask(lines.join('\n'))
    return said.status < FIRST_SIGNAL && said.status !== real.uvs(lines.join('\n')).status
  }
  const lines = await reduce(text.split('\n'), differs, REDUCING_TRIES)
  const shortest = lines.join('\n')
  const [said, ours] = [real.ask(shortest), real.uvs(shortest)]
  return [
    '',
    ...lines.map((line, at) => `${String(at + 1).padStart(4)}  ${line}`),
    `keepalived ${said.status}:`,
    ...new Set(said.output.trimEnd().replaceAll(`${real.file}: `, '').split('\n')),
    `uvs ${ours.status}:`,
    ...ours.messages.map(message => formatMessage(message).replace(real.file, '')),
  ]
}
