import type { ConnectionInfo } from '../../../control/protocol/api.js'
import type { CandidateInfo, ExplainedStep, Explanation } from '../../../control/protocol/explain.js'
import { lookUpText } from '../../../control/protocol/look-ups.js'
import { adviceOn } from './advice.js'
import { offloadText } from './offload-text.js'

/** How words are shown on a terminal: none are, elsewhere. */
export interface Paint {
  good(text: string): string
  bad(text: string): string
  strong(text: string): string
}
export const PLAIN: Paint = { good: text => text, bad: text => text, strong: text => text }

const NAMES_WIDTH = 14
const GOOD = ['balanced', 'forwarded', 'answered', 'consumed', 'held', 'left-to-kernel']

/** An explanation as lines: what came, each decision, what became of it. */
export function explanationText(explanation: Explanation, paint: Paint = PLAIN): string {
  const { at, link, packet, steps, verdict, connection } = explanation
  const isGood = GOOD.includes(verdict)
  const advice = adviceOn(verdict)
  return [
    `${timeOf(at)} ${link}  ${paint.strong(packet)}`,
    ...steps.flatMap(step => stepLines(step, paint)),
    ...(connection ? [row('then', connectionText(connection))] : []),
    row('verdict', (isGood ? paint.good : paint.bad)(verdict) + (advice === undefined ? '' : `: ${advice}`)),
    '',
  ].join('\n')
}

function stepLines(step: ExplainedStep, paint: Paint): string[] {
  switch (step.step) {
    case 'connection':
      return [row('connection', `${connectionText(step.connection)}; ${lookUpText(step.by)}`)]
    case 'set-aside':
      return [row('', step.why === 'gone' ? 'its real server was deleted' : 'closed, so the packet begins a new one')]
    case 'service': {
      const mark = step.mark === 0 ? '' : `, mark ${step.mark}`
      if (step.service === undefined) return [row('service', `none for this address and port${mark}`)]
      const kept = step.persistent === undefined ? '' : `, persistent ${step.persistent} s`
      return [row('service', `${step.service}, ${step.scheduler}${kept}${mark}`)]
    }
    case 'template':
      return [row('template', step.connection ? connectionText(step.connection) : 'none of this client')]
    case 'scheduler':
      return schedulerLines(step, paint)
    case 'route':
      if (step.link === undefined) return [row('route', `none to ${step.to}`)]
      return [row('route', `to ${step.to} by ${step.link}, next hop ${step.nextHop}, MTU ${step.mtu}`)]
    case 'offload':
      return [row('flow program', offloadText(step))]
    case 'sent': {
      const to = step.toKernel ? `back to the kernel, ${step.link}` : step.link
      const refused = step.taken ? '' : ', but it took no more'
      const width = Math.max(0, ...step.changed.map(([name]) => name.length))
      const changed = step.changed.map(([name, before, after]) =>
        row('', `${name.padEnd(width)}  ${before} → ${after}`),
      )
      return [row('sent', `${to}, ${step.octets} octets${refused}`), ...changed]
    }
  }
}

function schedulerLines(step: ExplainedStep & { step: 'scheduler' }, paint: Paint): string[] {
  const { scheduler, rule, chosen, candidates, more } = step
  const width = Math.max(0, ...candidates.map(({ server }) => server.length))
  const lines = candidates.map(candidate => {
    const isChosen = candidate.server === chosen
    const text = `${isChosen ? '>' : ' '} ${candidate.server.padEnd(width)}  ${candidateText(candidate)}`
    return row('', isChosen ? paint.strong(text) : text)
  })
  return [
    row('scheduler', scheduler + (rule === undefined ? '' : `: ${rule}`)),
    ...lines,
    ...(more > 0 ? [row('', `  and ${more} more`)] : []),
    ...(chosen === undefined ? [row('', paint.bad('none is chosen'))] : []),
  ]
}
function candidateText({ weight, active, inactive, refused, view }: CandidateInfo): string {
  const counts = `weight ${weight}, active ${active}, inactive ${inactive}`
  if (refused === 'weight-0') return `${counts}: weight 0 takes no new connections`
  if (refused === 'overloaded') return `${counts}: overloaded, above its upper threshold`
  return view === undefined ? counts : `${counts}: ${view}`
}

function connectionText(connection: ConnectionInfo | undefined): string {
  if (connection === undefined) return 'none'
  const { protocol, state, expires, caddr, cport, vaddr, vport, daddr, dport, laddr, lport } = connection
  const local = laddr === undefined ? '' : ` from ${laddr}:${lport}`
  const flow = `${caddr}:${cport} > ${vaddr}:${vport} → ${daddr}:${dport}${local}`
  const name = protocol.toUpperCase()
  return `${state === name ? name : `${name} ${state}`}, ends in ${expires} s, ${flow}`
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(NAMES_WIDTH)}${text}`
}
/** In the reader's zone, to the ms. */
function timeOf(at: number): string {
  const date = new Date(at)
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map(part => padded(part, 2))
  return `${parts.join(':')}.${padded(date.getMilliseconds(), 3)}`
}
function padded(number: number, digits: number): string {
  return String(number).padStart(digits, '0')
}
