import type { Explanation } from '../../../control/protocol/explain.ts'
import { changedOctets, octetsOf } from '../pure/octets.ts'
import { T } from '../texts.ts'

const PER_LINE = 16
const MOST = 128

/** The frame as it came in; the octets that left otherwise are marked. */
export function Octets({ explanation }: { explanation: Explanation }) {
  const octets = octetsOf(explanation.octets)
  const fields = explanation.steps.flatMap(step => (step.step === 'sent' ? step.changed.map(([name]) => name) : []))
  const changed = changedOctets(fields, octets)
  const lines = Array.from(
    { length: Math.ceil(Math.min(octets.length, MOST) / PER_LINE) },
    (_, line) => line * PER_LINE,
  )
  return (
    <details class="octets" open={changed.size > 0}>
      <summary>{T.explain.octets(Math.min(octets.length, MOST), explanation.length, changed.size)}</summary>
      <pre tabIndex={0}>
        {lines.map(start => (
          <span key={start} class="octet-line">
            <span class="sub">{start.toString(16).padStart(4, '0')} </span>
            {octets.slice(start, Math.min(start + PER_LINE, MOST)).map((octet, at) => {
              const field = changed.get(start + at)
              const text = octet.toString(16).padStart(2, '0')
              return field === undefined
                ? ` ${text}`
                : [
                    ' ',
                    <mark key={at} title={field}>
                      {text}
                    </mark>,
                  ]
            })}
            {'\n'}
          </span>
        ))}
      </pre>
    </details>
  )
}
