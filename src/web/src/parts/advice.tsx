import type { ServiceKey } from '../../../control/protocol/api.ts'
import { linkedAdvice } from '../pure/linked-advice.ts'

/** What to do, with a link to each page that does it. */
export function Advice({ text, service }: { text: string; service: ServiceKey | undefined }) {
  return (
    <>
      {linkedAdvice(text, service).map(({ text, href }, at) =>
        href === undefined ? (
          text
        ) : (
          <a key={at} href={href}>
            {text}
          </a>
        ),
      )}
    </>
  )
}
