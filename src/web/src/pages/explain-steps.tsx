import type { ConnectionInfo } from '../../../control/protocol/api.ts'
import type { CandidateInfo, ExplainedStep, Explanation } from '../../../control/protocol/explain.ts'
import { HeadRow, Wide } from '../parts/bits.tsx'
import { duration } from '../pure/format.ts'
import { endpoint } from '../pure/service-name.ts'
import { offloadText, T } from '../texts.ts'

/** The decisions, as `uvs explain` says them. */
export function ExplainedSteps({ explanation }: { explanation: Explanation }) {
  const { steps, connection } = explanation
  return (
    <dl class="steps">
      {steps.map((step, at) => (
        <Step key={at} step={step} />
      ))}
      {connection && (
        <div>
          <dt>{T.explain.finally}</dt>
          <dd>{connectionText(connection)}</dd>
        </div>
      )}
    </dl>
  )
}

function Step({ step }: { step: ExplainedStep }) {
  return (
    <div>
      <dt>{step.step === 'offload' ? T.explain.flowProgram : step.step}</dt>
      <dd>
        {stepText(step)}
        {step.step === 'scheduler' && <Candidates step={step} />}
        {step.step === 'sent' && step.changed.length > 0 && <Changed changed={step.changed} />}
      </dd>
    </div>
  )
}

function stepText(step: ExplainedStep): string {
  switch (step.step) {
    case 'connection':
      return `${connectionText(step.connection)}; ${T.explain.by(step.by)}`
    case 'set-aside':
      return step.why === 'gone' ? T.explain.gone : T.explain.replaced
    case 'service':
      return step.service === undefined ? T.explain.noService : `${step.service}, ${step.scheduler ?? ''}`
    case 'template':
      return step.connection ? connectionText(step.connection) : T.explain.noTemplate
    case 'scheduler':
      return `${step.scheduler}${step.rule === undefined ? '' : `: ${step.rule}`}`
    case 'route':
      return step.link === undefined
        ? T.explain.noRoute
        : T.explain.route(step.to, step.link, step.nextHop ?? '', step.mtu ?? 0)
    case 'offload':
      return offloadText(step)
    case 'sent':
      return T.explain.sent(step.link, step.octets) + (step.taken ? '' : T.explain.notTaken)
  }
}

function Candidates({ step }: { step: ExplainedStep & { step: 'scheduler' } }) {
  return (
    <Wide label={T.explain.candidates}>
      <table class="plain rows">
        <HeadRow columns={T.explain.candidateColumns} />
        <tbody>
          {step.candidates.map(candidate => (
            <tr key={candidate.server} class={candidate.server === step.chosen ? 'chosen' : undefined}>
              <th scope="row" class="whole">
                {candidate.server === step.chosen ? '✓ ' : ''}
                {candidate.server}
              </th>
              <td class="num">{candidate.weight}</td>
              <td class="num">{candidate.active}</td>
              <td class="num">{candidate.inactive}</td>
              <td>{whyText(candidate)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  )
}

function whyText({ refused, view }: CandidateInfo): string {
  if (refused === 'weight-0') return T.explain.weight0
  if (refused === 'overloaded') return T.explain.overloaded
  return view ?? ''
}

function Changed({ changed }: { changed: readonly (readonly [string, string, string])[] }) {
  return (
    <Wide label={T.explain.changed}>
      <table class="plain rows changed">
        <HeadRow columns={T.explain.changedColumns} />
        <tbody>
          {changed.map(([name, before, after]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class={`before ${ofValue(before)}`}>{before}</td>
              <td class={`after ${ofValue(after)}`}>{after}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  )
}

/** An address stays whole; options may be long. */
function ofValue(text: string): string {
  return /^(\d+(\.\d+){3}|[0-9a-f]{2}(:[0-9a-f]{2}){5})$/.test(text) ? 'whole' : ''
}

function connectionText(connection: ConnectionInfo | undefined): string {
  if (!connection) return T.explain.noConnection
  const { protocol, state, expires, caddr, cport, vaddr, vport, daddr, dport } = connection
  const [client, vip, server] = [
    endpoint({ address: caddr, port: cport }),
    endpoint({ address: vaddr, port: vport }),
    endpoint({ address: daddr, port: dport }),
  ]
  return T.explain.connection(`${protocol.toUpperCase()} ${state}`, duration(expires), client, vip, server)
}
