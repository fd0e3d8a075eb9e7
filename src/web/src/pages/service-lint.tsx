import type { ServiceKey } from '../../../control/protocol/api.ts'
import { lintOf } from '../live/api.ts'
import { usePolled } from '../live/use.ts'
import { Card, Empty, Failed, Waiting } from '../parts/bits.tsx'
import { T } from '../texts.ts'

const EVERY_MS = 3000

/** What lint says of the service's rules. */
export function LintCard({ service }: { service: ServiceKey }) {
  const { value, error } = usePolled(signal => lintOf(service, signal), [], EVERY_MS)
  return (
    <Card title={T.lint.title}>
      {error && <Failed message={error} />}
      {!value && !error && <Waiting />}
      {value && value.findings.length === 0 && <Empty>{T.lint.nothing}</Empty>}
      <ul class="lint">
        {value?.findings.map(({ hazard, severity, message }) => (
          <li key={hazard + message}>
            <span class={severity === 'hazard' ? 'tag state-mixed' : 'tag'}>{hazard}</span>
            <span>{message}</span>
          </li>
        ))}
      </ul>
      {value && value.more > 0 && <p class="note">{T.lint.more(value.more)}</p>}
    </Card>
  )
}
