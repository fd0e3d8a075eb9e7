import { setTimeout as sleep } from 'node:timers/promises'
import type { Control } from '../../../control/protocol/api.js'
import type { Explanation } from '../../../control/protocol/explain.js'
import { LONGEST_FILTER, MOST_EXPLAINED } from '../../../control/protocol/explain-limits.js'
import { connectControl } from '../../../control/socket/client.js'
import { UsageError } from '../../../director/usage-error.js'
import { AS_JSON, CONTROL, defaultControl, print } from '../../command.js'
import { jsonDocument } from '../../json.js'
import type { Option } from '../../option.js'
import type { UvsCommand } from '../command.js'
import { type Given, readOptions } from '../options/read-options.js'
import { CAPTURE, SIMULATED_OPTIONS } from '../replay/simulated-options.js'
import { explanationText, PLAIN, type Paint } from './explanation-text.js'
import { whyNot } from './why-not.js'

/** A director is asked again so soon, and twice as late each time that there was nothing. */
const LEAST_ASK_MS = 25
const MOST_ASK_MS = 400
const MOST_SECONDS = 86_400
/** Typed by hand, of which a filter has nothing. */
const PACKET = /^(?:tcp|udp|icmp)\s+[\d.]+(?::\d+)?\s*>\s*\d/
const SERVER = /^\d{1,3}(\.\d{1,3}){3}(:\d{1,5})?$/

const WHY_NOT: Option = {
  flags: ['--why-not'],
  value: 'RIP[:PORT]',
  help: 'says besides why a packet did not go to that real server',
}

export const explain: UvsCommand = {
  name: 'explain',
  help: `Says of packets why they went where they went: each decision of the director in order.
Of the next ones that come to it; with --rules of packets typed by hand, 'tcp 10.0.0.7:40000 > 10.0.1.100:80 syn', and with --in of frames of a capture: those
ask no director, but one that is made of the rules.
The filter is pcap-filter's: 'tcp port 80 and src net 10.0.0.0/8'; without one it is the next packet of all.
Packets that a program forwards for the director come up to it while they are watched.`,
  forms: [
    {
      words: [],
      options: [
        CAPTURE,
        {
          flags: ['--frame'],
          value: 'N',
          help: 'a frame of the capture, counted from 1',
          repeatable: true,
          required: true,
        },
        ...SIMULATED_OPTIONS,
        WHY_NOT,
        AS_JSON,
      ],
    },
    {
      words: [{ value: 'PACKET', repeatable: true }],
      options: [
        ...SIMULATED_OPTIONS.map(each => (each.flags[0] === '--rules' ? { ...each, required: true as const } : each)),
        WHY_NOT,
        AS_JSON,
      ],
    },
    {
      words: [{ value: 'FILTER', optional: true, repeatable: true }],
      options: [
        { flags: ['--count'], value: 'N', help: `so many packets, 1 to ${MOST_EXPLAINED}; 1 unless given` },
        { flags: ['--wait'], value: 'SECONDS', help: 'no longer than that; without it until they have come' },
        WHY_NOT,
        AS_JSON,
        CONTROL,
      ],
    },
  ],
  async run(args) {
    const given = readOptions(explain, args)
    const wanted = wantedOf(given)
    const shown = (explanation: Explanation): void => show(explanation, wanted)
    const [capture, rules] = [given.one('--in'), given.one('--rules')]
    if (capture !== undefined || rules !== undefined) {
      // Three hundred modules: what asks a running director starts on the CPUs that serve it, and does without.
      const [{ explainFrames, explainTyped }, { simulatedDirector }] = await Promise.all([
        import('./explain-simulated.js'),
        import('../replay/simulated-director.js'),
      ])
      const simulated = simulatedDirector(given)
      if (capture === undefined) await explainTyped(given.words, simulated, shown)
      else await explainFrames(capture, given.all('--frame').map(frameOf), simulated, shown)
      return 0
    }
    if (PACKET.test(wanted.filter))
      throw new UsageError(
        `'${wanted.filter}' is a packet, no filter: --rules FILE says to which rules (uvs explain --help)`,
      )
    const control = connectControl(given.one('--control') ?? defaultControl())
    try {
      return await explainNext(control, wanted, shown)
    } finally {
      control.close()
    }
  },
}

interface Wanted {
  filter: string
  count: number
  /** How long to wait, in ms. */
  waitMs: number
  whyNot: string | undefined
  isJson: boolean
}

function wantedOf(given: Given): Wanted {
  const server = given.one('--why-not')
  if (server !== undefined && !SERVER.test(server))
    throw new UsageError(`--why-not '${server}': an address, or address:port, of a real server`)
  return {
    filter: given.words.join(' '),
    count: numberOf(given, '--count', 1, MOST_EXPLAINED, '') ?? 1,
    waitMs: (numberOf(given, '--wait', 0.1, MOST_SECONDS, ' seconds') ?? Infinity) * 1000,
    whyNot: server,
    isJson: given.has('--json'),
  }
}
function numberOf(given: Given, flag: string, least: number, most: number, what: string): number | undefined {
  const text = given.one(flag)
  if (text === undefined) return undefined
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN
  const isWhole = least < 1 || Number.isInteger(number)
  if (number >= least && number <= most && isWhole) return number
  throw new UsageError(`${flag} '${text}': ${least} to ${most}${what}`)
}

function frameOf(text: string): number {
  const number = /^\d{1,12}$/.test(text) ? Number(text) : 0
  if (number === 0) throw new UsageError(`--frame '${text}': a number from 1 on`)
  return number
}

/** Returns the exit status: 0 when all have come, 1 when the time was over before. Refusals are an Error of one line, of the filter a UsageError. */
export async function explainNext(
  control: Control,
  { filter, count, waitMs }: Pick<Wanted, 'filter' | 'count' | 'waitMs'>,
  show: (explanation: Explanation) => void,
): Promise<number> {
  if (filter.length > LONGEST_FILTER)
    throw new UsageError(`a filter of ${filter.length} characters: ${LONGEST_FILTER} at most`)
  const begun = await control.call({ op: 'watch', filter, count })
  if (!begun.ok) throw begun.refusal === 'EINVAL' ? new UsageError(begun.message) : new Error(begun.message)
  const end = performance.now() + waitMs
  let left = count
  for (let askMs = LEAST_ASK_MS; ;) {
    const reply = await control.call({ op: 'watched' })
    if (!reply.ok) throw new Error(reply.message)
    const { explanations, isOver } = reply.value
    for (const explanation of explanations.slice(0, left)) show(explanation)
    left -= Math.min(left, explanations.length)
    if (left === 0 || isOver || performance.now() >= end) break
    if (explanations.length === 0) {
      await sleep(Math.min(askMs, end - performance.now()))
      askMs = Math.min(2 * askMs, MOST_ASK_MS)
    } else askMs = LEAST_ASK_MS
  }
  await control.call({ op: 'unwatch' })
  if (left === 0) return 0
  process.stderr.write(`uvs explain: ${count - left} of ${count} packets came\n`)
  return 1
}

function show(explanation: Explanation, { whyNot: server, isJson }: Wanted): void {
  const why = server === undefined ? undefined : whyNot(explanation, server)
  if (isJson) {
    print({
      status: 0,
      out: jsonDocument('explain', why === undefined ? explanation : { ...explanation, whyNot: why }),
      err: '',
    })
    return
  }
  const answer = why === undefined ? '' : `  why not ${server}: ${why}\n`
  print({ status: 0, out: explanationText(explanation, paint()) + answer, err: '' })
}

/** Colours on a terminal, unless NO_COLOR is set (no-color.org). */
function paint(): Paint {
  if (!process.stdout.isTTY || process.env['NO_COLOR']) return PLAIN
  return { good: coloured(32), bad: coloured(31), strong: coloured(1) }
}
/** By SGR's number, ECMA-48 §8.3.117. */
function coloured(code: number): (text: string) => string {
  return text => `\x1b[${code}m${text}\x1b[0m`
}
