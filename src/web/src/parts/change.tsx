import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Planned } from '../../../control/dashboard/rules-work.ts'
import { admin, isLoginOpen, refreshSession } from '../live/admin.ts'
import { ApiError, apply, plan as askPlan, type Wanted } from '../live/api.ts'
import { useStore } from '../live/store.ts'
import { whenFree } from '../live/when-free.ts'
import { messageOf } from '../pure/message.ts'
import { asCommand } from '../pure/uvsadm-line.ts'
import { T } from '../texts.ts'
import { Failed } from './bits.tsx'
import { Command } from './copy.tsx'
import { Dialog } from './dialog.tsx'
import { MovedFlows } from './moved.tsx'

/* A change: the command that it is, the plan of it, and only then the change. */

/** One plan is made at a time, and a reader's a second: the next one waits so long, and asks so often. */
const PATIENCE = { everyMs: 500, forMs: 15_000 }

interface ChangeProps {
  title: string
  wanted: Wanted
  close: () => void
  /** Where to go once it is done. */
  then?: ComponentChildren
  /** The fields that make the lines. */
  children?: ComponentChildren
}

export function ChangeDialog({ title, wanted, close, then, children }: ChangeProps) {
  return (
    <Dialog title={title} close={close} isWide>
      <PlanSteps wanted={wanted} done={close} then={then}>
        {children}
      </PlanSteps>
    </Dialog>
  )
}

interface StepsProps {
  wanted: Wanted
  done?: () => void
  then?: ComponentChildren
  /** Whether the lines are written out as commands. */
  areLinesShown?: boolean
  /** So many are made, to see how many the plan moves. */
  flows?: number
  children?: ComponentChildren
}

export function PlanSteps({ wanted, done, then, areLinesShown = true, flows = 0, children }: StepsProps) {
  const { plan, isAsking, result, error, makePlan, confirm } = usePlan(wanted, flows)
  const submit = (event: Event): void => {
    event.preventDefault()
    makePlan()
  }
  return (
    <form class="form" onSubmit={submit}>
      {children}
      {areLinesShown && 'lines' in wanted && wanted.lines.map(line => <Command key={line} text={asCommand(line)} />)}
      {plan && <PlanShown plan={plan} />}
      {error !== '' && <Failed message={error} />}
      {result !== '' && (
        <p class="success" role="status">
          {result} {then}
        </p>
      )}
      <div class="actions">
        {result !== '' && done ? (
          <button type="button" class="primary" onClick={done}>
            {T.shell.close}
          </button>
        ) : plan ? (
          <Confirm plan={plan} confirm={confirm} />
        ) : (
          <button type="submit" class="primary" aria-disabled={isAsking}>
            {isAsking ? T.change.planning : T.change.plan}
          </button>
        )}
      </div>
    </form>
  )
}

interface Planning {
  plan: Planned | undefined
  isAsking: boolean
  result: string
  error: string
  makePlan: () => void
  confirm: (id: string) => void
}

function usePlan(wanted: Wanted, flows: number): Planning {
  const [planned, setPlan] = useState<{ of: string; plan: Planned }>()
  const [isAsking, setAsking] = useState(false)
  const [done, setDone] = useState({ of: '', result: '' })
  const [error, setError] = useState('')
  const may = useStore(admin)
  const of = JSON.stringify(wanted)
  const wantedNow = useRef('')
  wantedNow.current = of
  useEffect(() => () => (wantedNow.current = ''), [])
  // A plan is of what was asked for then: another text needs another plan.
  const plan = planned?.of === of ? planned.plan : undefined
  const result = done.of === of ? done.result : ''
  const step = async (work: () => Promise<void>): Promise<void> => {
    setError('')
    try {
      await work()
    } catch (failed) {
      setError(messageOf(failed))
      // Somebody locked it, or the login is over: the plan is good, once there is another.
      if (failed instanceof ApiError && failed.status === 401) void refreshSession()
      // Any other refused plan can be carried out no more.
      else setPlan(undefined)
    }
  }
  const makePlan = (): void => {
    if (isAsking) return
    setDone({ of, result: '' })
    setAsking(true)
    void step(async () => {
      const isWanted = (): boolean => wantedNow.current === of
      const made = await whenFree(() => askPlan(wanted, flows), { ...PATIENCE, isWanted })
      if (!made) return
      // Who could carry out plans a moment ago can no more: the login is over, or the director is another.
      if (made.id === undefined && may?.admin === 'open') await refreshSession()
      setPlan({ of, plan: made })
    }).finally(() => setAsking(false))
  }
  const confirm = (id: string): void => {
    void step(async () => {
      setDone({ of, result: (await carriedOut(id)).message || T.change.done })
      setPlan(undefined)
    })
  }
  // A plan made without the token cannot be applied: it is made again once there is one.
  const isToBeMadeAgain = may?.admin === 'open' && plan !== undefined && plan.id === undefined
  useEffect(() => {
    if (isToBeMadeAgain) makePlan()
  }, [isToBeMadeAgain])
  return { plan, isAsking, result, error, makePlan, confirm }
}

/** Of a request that nobody answers it is not known how far it came. */
async function carriedOut(id: string): Promise<{ message: string }> {
  try {
    return await apply(id)
  } catch (failed) {
    if (failed instanceof ApiError && failed.status === 0) throw new ApiError(T.change.unanswered(failed.message), 0)
    throw failed
  }
}

function PlanShown({ plan }: { plan: Planned }) {
  // Without its sum, which the heading says.
  const lines = plan.text
    .split('\n')
    .filter(line => /^[-+~] /.test(line))
    .join('\n')
  return (
    <div class="plan" role="status">
      {plan.warnings.map(warning => (
        <p class="alert" key={warning}>
          {warning}
        </p>
      ))}
      <h3>{plan.changes === 0 ? T.change.nothing : T.change.planned(plan.changes, plan.connections)}</h3>
      {lines !== '' && <pre tabIndex={0}>{lines}</pre>}
      {plan.moved && <MovedFlows moved={plan.moved} />}
    </div>
  )
}

function Confirm({ plan, confirm }: { plan: Planned; confirm: (id: string) => void }) {
  const may = useStore(admin)
  if (plan.changes === 0) return null
  const { id } = plan
  if (may?.admin === 'open') {
    return (
      id !== undefined && (
        <button type="button" class="primary" onClick={() => confirm(id)}>
          {T.change.apply}
        </button>
      )
    )
  }
  if (may?.admin === 'locked') {
    return (
      <button type="button" class="primary" onClick={() => isLoginOpen.set(true)}>
        {T.change.unlockFirst}
      </button>
    )
  }
  return <p class="note">{T.admin.offHint}</p>
}
