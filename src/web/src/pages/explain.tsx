import { useState } from 'preact/hooks'
import type { ServiceKey } from '../../../control/protocol/api.ts'
import type { Explanation } from '../../../control/protocol/explain.ts'
import { admin } from '../live/admin.ts'
import { setQuery } from '../live/place.ts'
import { useStore } from '../live/store.ts'
import { useWatch } from '../live/watch.ts'
import { Advice } from '../parts/advice.tsx'
import { Card, Failed, StateTag } from '../parts/bits.tsx'
import { Command } from '../parts/copy.tsx'
import { clock } from '../pure/format.ts'
import { filterOf, wayOf, type Flow } from '../pure/flow.ts'
import { endpoint, serviceFromName } from '../pure/service-name.ts'
import { adviceOn, T } from '../texts.ts'
import { ExplainedPath } from './explain-path.tsx'
import { ExplainedSteps } from './explain-steps.tsx'
import { Octets } from './explain-octets.tsx'

const COUNT = 10

/** Why the packets of one connection go where they go. */
export function ExplainCard({ flow }: { flow: Flow | undefined }) {
  const close = (
    <button type="button" class="small" onClick={() => setQuery({ flow: '' })}>
      {T.shell.close}
    </button>
  )
  if (!flow) {
    return (
      <Card title={T.explain.title} tools={close}>
        <Failed message={T.explain.noFlow} />
      </Card>
    )
  }
  const filter = filterOf(flow)
  const { client, vip } = flow
  const title = client.port === 0 ? T.explain.ofClient(client.address) : T.explain.of(endpoint(client), endpoint(vip))
  return (
    <Card title={title} tools={close}>
      <Command text={`uvs explain --count ${COUNT} '${filter}'`} />
      <Watching filter={filter} client={flow.client} />
    </Card>
  )
}

function Watching({ filter, client }: { filter: string; client: Flow['client'] }) {
  const [round, setRound] = useState(0)
  const { explanations, isBegun, isOver, leavesFlows, error } = useWatch(filter, COUNT, round)
  const [chosen, choose] = useState<number>()
  const at = Math.min(chosen ?? explanations.length - 1, explanations.length - 1)
  const explanation = explanations[at]
  return (
    <>
      <p role="status" class="note">
        {stateOf(isBegun, isOver, explanations.length)}{' '}
        {isOver && (
          <button type="button" class="small" onClick={() => setRound(round + 1)}>
            {T.explain.again}
          </button>
        )}
      </p>
      {leavesFlows && <LeavesFlows />}
      {error && <Failed message={error} />}
      {explanations.length > 1 && (
        <div class="chooser" role="group" aria-label={T.explain.packets}>
          {explanations.map(({ packet }, index) => {
            const [arrow, way] = directionOf(packet, client)
            return (
              <button
                type="button"
                key={index}
                class="small"
                aria-pressed={index === at}
                aria-label={T.explain.packet(index + 1, way)}
                title={way}
                onClick={() => choose(index)}
              >
                {index + 1} {arrow}
              </button>
            )
          })}
        </div>
      )}
      {explanation && <Explained explanation={explanation} />}
    </>
  )
}

/** Who has a token has all of them come up. */
function LeavesFlows() {
  const may = useStore(admin)?.admin
  return (
    <p class="alert">
      {T.explain.leavesFlows} {may === undefined || may === 'off' ? T.explain.seenOnHost : T.explain.seenUnlocked}
    </p>
  )
}

function directionOf(packet: string, client: Flow['client']): [arrow: string, way: string] {
  const way = wayOf(packet, client)
  if (way === 'from') return ['→', T.explain.fromClient]
  return way === 'to' ? ['←', T.explain.toClient] : ['', '']
}

function stateOf(isBegun: boolean, isOver: boolean, count: number): string {
  if (isOver) return T.explain.over(count)
  return isBegun ? T.explain.waiting(count) : T.explain.beginning
}

function serviceOf({ steps }: Explanation): ServiceKey | undefined {
  const found = steps.find(one => one.step === 'service')
  return found && serviceFromName(found.service ?? '')
}

function Explained({ explanation }: { explanation: Explanation }) {
  const { at, link, packet, verdict } = explanation
  const advice = adviceOn(verdict)
  return (
    <div class="explained">
      <p>
        <time>{clock(at)}</time> {link} <b class="mono">{packet}</b>
      </p>
      <ExplainedPath explanation={explanation} />
      <ExplainedSteps explanation={explanation} />
      <p>
        <StateTag state={verdict} /> {advice !== undefined && <Advice text={advice} service={serviceOf(explanation)} />}
      </p>
      <Octets explanation={explanation} />
    </div>
  )
}
