import type { ExplainedStep, Explanation } from '../../../control/protocol/explain.ts'
import { T } from '../texts.ts'

/* The picture of a packet's way: the boxes that it met are lit, the last one says how it ended. */

type Box = { name: string; text: string; isMet: boolean }

export function ExplainedPath({ explanation }: { explanation: Explanation }) {
  const boxes = boxesOf(explanation)
  const last = boxes.findLastIndex(({ isMet }) => isMet)
  return (
    <ol class="way" aria-label={T.explain.picture}>
      {boxes.map(({ name, text, isMet }, at) => (
        <li key={name} class={isMet ? (at === last ? 'met last' : 'met') : 'unmet'}>
          <b>{name}</b>
          <span>{text}</span>
        </li>
      ))}
    </ol>
  )
}

function boxesOf({ link, steps, verdict, fields }: Explanation): Box[] {
  const step = <S extends ExplainedStep['step']>(name: S) =>
    steps.find((one): one is Extract<ExplainedStep, { step: S }> => one.step === name)
  const of = new Map(fields)
  const [connection, service, scheduler, route, sent] = [
    step('connection'),
    step('service'),
    step('scheduler'),
    step('route'),
    step('sent'),
  ]
  const known = connection?.connection
  return [
    box(T.explain.boxes.in, true, `${link} · ${of.get('ip.src') ?? ''}`),
    box(T.explain.boxes.connection, connection !== undefined, known ? known.state : T.explain.unknown),
    box(T.explain.boxes.service, service !== undefined, service?.service ?? T.explain.noService),
    box(
      T.explain.boxes.scheduler,
      scheduler !== undefined,
      scheduler?.chosen ? `${scheduler.scheduler} → ${scheduler.chosen}` : T.explain.noneChosen,
    ),
    box(
      T.explain.boxes.route,
      route !== undefined,
      route?.link ? `${route.link} → ${route.nextHop ?? route.to}` : T.explain.noRoute,
    ),
    box(T.explain.boxes.out, sent !== undefined, sent ? T.explain.sent(sent.link, sent.octets) : verdict),
  ]
}

function box(name: string, isMet: boolean, text: string): Box {
  return { name, isMet, text: isMet ? text : T.explain.notMet }
}
