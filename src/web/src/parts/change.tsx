import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { admin, isLoginOpen } from '../live/admin.ts'
import { apply, planLines, planRules, type Plan } from '../live/api.ts'
import { useStore } from '../live/store.ts'
import { messageOf } from '../pure/message.ts'
import { asCommand } from '../pure/uvsadm-line.ts'
import { T } from '../texts.ts'
import { Command } from './copy.tsx'
import { Dialog } from './dialog.tsx'

/* A change: the command that it is, the plan of it, and only then the change. */

/** What is asked for: lines upon the present rules, or all rules anew. */
export type Wanted = { lines: string[] } | { rules: string }

interface ChangeProps {
  title: string
  wanted: Wanted
  close: () => void
  /** The fields that make the lines. */
  children?: ComponentChildren
}

export function ChangeDialog({ title, wanted, close, children }: ChangeProps) {
  return (
    <Dialog title={title} close={close} isWide>
      <PlanSteps wanted={wanted} done={close}>
        {children}
      </PlanSteps>
    </Dialog>
  )
}

interface StepsProps {
  wanted: Wanted
  done?: () => void
  /** Whether the lines are written out as commands. */
  areLinesShown?: boolean
  children?: ComponentChildren
}

export function PlanSteps({ wanted, done, areLinesShown = true, children }: StepsProps) {
  const [planned, setPlan] = useState<{ of: string; plan: Plan }>()
  const [result, setResult] = useState('')
  const [error, setError] = useState('')
  const of = JSON.stringify(wanted)
  // A plan is of what was asked for then: another text needs another plan.
  const plan = planned?.of === of ? planned.plan : undefined
  const step = async (work: () => Promise<void>): Promise<void> => {
    setError('')
    try {
      await work()
    } catch (failed) {
      setError(messageOf(failed))
    }
  }
  const makePlan = (event: Event): void => {
    event.preventDefault()
    setResult('')
    void step(async () =>
      setPlan({ of, plan: await ('lines' in wanted ? planLines(wanted.lines) : planRules(wanted.rules)) }),
    )
  }
  const confirm = (): void => {
    void step(async () => {
      setResult((await apply(plan!.id)).message || T.change.done)
      setPlan(undefined)
    })
  }
  return (
    <form class="form" onSubmit={makePlan}>
      {children}
      {areLinesShown && 'lines' in wanted && wanted.lines.map(line => <Command key={line} text={asCommand(line)} />)}
      {plan && <Planned plan={plan} />}
      {error !== '' && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      {result !== '' && (
        <p class="success" role="status">
          {result}
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
          <button type="submit" class="primary">
            {T.change.plan}
          </button>
        )}
      </div>
    </form>
  )
}

function Planned({ plan }: { plan: Plan }) {
  return (
    <div class="plan" role="status">
      <h3>{plan.changes === 0 ? T.change.nothing : T.change.planned(plan.changes, plan.connections)}</h3>
      {plan.text !== '' && <pre tabIndex={0}>{plan.text}</pre>}
    </div>
  )
}

function Confirm({ plan, confirm }: { plan: Plan; confirm: () => void }) {
  const may = useStore(admin)
  if (plan.changes === 0) return null
  if (may?.admin === 'open') {
    return (
      <button type="button" class="primary" onClick={confirm}>
        {T.change.apply}
      </button>
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
