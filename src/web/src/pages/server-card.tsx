import { useState } from 'preact/hooks'
import type { CheckHealth, DestinationInfo, ServerHealth } from '../../../control/protocol/api.ts'
import { admin } from '../live/admin.ts'
import { cancelDrain } from '../live/api.ts'
import { useStore } from '../live/store.ts'
import type { DrainRow, ServiceRow } from '../live/tick.ts'
import { Bar, Failed, StateTag } from '../parts/bits.tsx'
import { Command } from '../parts/copy.tsx'
import { METHOD_NAMES } from '../pure/columns.ts'
import { bits, duration, moment, percent, perSecond, short } from '../pure/format.ts'
import { messageOf } from '../pure/message.ts'
import { endpoint, serviceOption } from '../pure/service-name.ts'
import { shareOf, sumsOf, wantedShare } from '../pure/sums.ts'
import { asCommand } from '../pure/uvsadm-line.ts'
import { T } from '../texts.ts'
import type { Open } from './open.ts'

interface CardProps {
  server: DestinationInfo
  service: ServiceRow
  drains: readonly DrainRow[]
  setOpen: (open: Open) => void
}

export function ServerCard({ server, service, drains, setOpen }: CardProps) {
  const sums = sumsOf(service)
  const name = endpoint(server)
  const health = service.health?.servers.find(one => one.address === server.address && one.port === server.port)
  // The newest: one that ended a moment ago may be listed, too.
  const drain = drains.findLast(one => one.service === serviceOption(service) && one.server === name)
  const share = shareOf(server, service, sums)
  const wanted = wantedShare(server, sums)
  return (
    <article class={server.weight === 0 ? 'card server-card quiet' : 'card server-card'} aria-label={name}>
      <div class="card-head">
        <h3>{name}</h3>
        {health ? <StateTag state={health.state} /> : server.weight === 0 && <StateTag state={T.service.weight0} />}
      </div>
      <dl class="pairs">
        <Pair name={T.forms.method} value={METHOD_NAMES[server.method]} />
        <Pair name={T.forms.weight} value={String(server.weight)} />
        <Pair name="ActiveConn" value={short(server.activeConns)} />
        <Pair name="InActConn" value={short(server.inactConns)} />
        {service.persistence > 0 && <Pair name={T.service.templates} value={short(server.persistConns)} />}
        <Pair name="CPS" value={perSecond(server.rates.cps)} />
        <Pair name={T.figures.in} value={bits(server.rates.inBps)} />
        <Pair name={T.figures.out} value={bits(server.rates.outBps)} />
      </dl>
      <p class="shares">
        <span>{T.service.hasShare(percent(share))}</span>
        <Bar share={share} />
        <span>{T.service.wantsShare(percent(wanted))}</span>
        <Bar share={wanted} tone="idle" />
      </p>
      {health && <Checks health={health} />}
      {drain && isToBeShown(drain, server) && (
        <Drain drain={drain} putBack={weight => setOpen({ dialog: 'edit-server', server: { ...server, weight } })} />
      )}
      <ServerActions server={server} setOpen={setOpen} isDraining={drain?.state === 'draining'} />
    </article>
  )
}

function Pair({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function ServerActions({
  server,
  setOpen,
  isDraining,
}: {
  server: DestinationInfo
  setOpen: (open: Open) => void
  isDraining: boolean
}) {
  if (useStore(admin)?.admin === 'off') return null
  const name = endpoint(server)
  const button = (dialog: 'edit-server' | 'drain' | 'remove-server', text: string) => (
    <button type="button" class="small" aria-label={`${text} ${name}`} onClick={() => setOpen({ dialog, server })}>
      {text}
    </button>
  )
  return (
    <div class="actions left">
      {button('edit-server', T.service.editShort)}
      {!isDraining && server.weight > 0 && button('drain', T.drain.short)}
      {button('remove-server', T.service.removeShort)}
    </div>
  )
}

function Checks({ health }: { health: ServerHealth }) {
  return (
    <ul class="checks">
      {health.checks.map((check, at) => (
        <li key={at}>
          <StateTag state={check.state} /> {check.check} {check.of} <CheckText check={check} />
        </li>
      ))}
    </ul>
  )
}

function CheckText({ check }: { check: CheckHealth }) {
  const { lastError, since, why } = check
  const nowMs = Date.now()
  return (
    <span class="sub">
      {T.service.since(moment(since * 1000, nowMs))}
      {why && `: ${why}`}
      {lastError && <span class="block">{T.service.lastError(lastError.why, moment(lastError.at * 1000, nowMs))}</span>}
    </span>
  )
}

/** Not how one ended whose server has been put back since, or made anew. */
function isToBeShown({ state, undo }: DrainRow, { weight }: DestinationInfo): boolean {
  return state === 'draining' || (state !== 'gone' && (undo === undefined || weight === 0))
}

function weightOf(line: string): number {
  return Number(/ -w (\d+)/.exec(line)?.[1] ?? 1)
}

/** Its countdown, and how it ended. */
function Drain({ drain, putBack }: { drain: DrainRow; putBack: (weight: number) => void }) {
  const [error, setError] = useState('')
  const may = useStore(admin)?.admin !== 'off'
  const { state, seconds = 0, deadline = 0, active = 0, inactive = 0, persistent = 0, estimate, message, undo } = drain
  const isOn = state === 'draining'
  const cancel = (): void => {
    cancelDrain(drain.id).catch((failed: unknown) => setError(messageOf(failed)))
  }
  return (
    <div class="drain" role="status">
      <p>
        <b>{isOn ? T.drain.left(duration(deadline)) : state}</b> {isOn && T.drain.counts(active, inactive, persistent)}
        {isOn && estimate != null && ` ${T.drain.estimate(duration(estimate))}`}
      </p>
      {isOn && <Bar share={seconds / Math.max(1, seconds + deadline)} tone="idle" />}
      {message && message !== state && <p class="sub">{message}</p>}
      {undo && !isOn && (
        <>
          {may && (
            <button type="button" class="small" onClick={() => putBack(weightOf(undo))}>
              {T.drain.undo(weightOf(undo))}
            </button>
          )}
          <p class="sub">{may ? T.drain.orBy : T.drain.undoBy}</p>
          <Command text={undo.startsWith('uvsadm ') ? undo : asCommand(undo)} />
        </>
      )}
      {error !== '' && <Failed message={error} />}
      {isOn && (
        <button type="button" class="small" onClick={cancel}>
          {T.drain.cancel}
        </button>
      )}
    </div>
  )
}
