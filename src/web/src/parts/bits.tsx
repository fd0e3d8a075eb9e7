import { Fragment, type ComponentChildren } from 'preact'
import { refusal } from '../live/live.ts'
import { useStore } from '../live/store.ts'
import { T } from '../texts.ts'

/* Small parts that every page has. */

export function Head({
  title,
  sub,
  children,
}: {
  title: string
  sub?: ComponentChildren
  children?: ComponentChildren
}) {
  return (
    <div class="head">
      <div>
        <h1 tabIndex={-1}>{title}</h1>
        {sub !== undefined && <p class="sub">{sub}</p>}
      </div>
      {children !== undefined && <div class="tools">{children}</div>}
    </div>
  )
}

interface CardProps {
  title: string
  children: ComponentChildren
  tools?: ComponentChildren
  /** A class for the style sheet. */
  kind?: string
}

export function Card({ title, children, tools, kind = '' }: CardProps) {
  return (
    <section class={`card ${kind}`}>
      <div class="card-head">
        <h2>{title}</h2>
        {tools}
      </div>
      {children}
    </section>
  )
}

export function Waiting() {
  if (useStore(refusal) !== '') return null
  return <p class="note">{T.shell.waiting}</p>
}
export function Failed({ message }: { message: string }) {
  return (
    <p class="error" role="alert">
      {message}
    </p>
  )
}
/** Text whose words stay whole, for commands: a line would end behind a hyphen, too. */
export function Words({ text }: { text: string }) {
  return (
    <>
      {text.split(' ').map((word, at) => (
        <Fragment key={at}>
          <span class="word">{word}</span>{' '}
        </Fragment>
      ))}
    </>
  )
}
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>
}

/** Wide things scroll in their own box, never the page. */
export function Wide({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="wide-box" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  )
}

/** A share as a bar; the text beside it says the same. */
export function Bar({ share, tone = 'plain' }: { share: number; tone?: 'plain' | 'good' | 'bad' | 'idle' }) {
  const width = Math.max(0, Math.min(1, Number.isFinite(share) ? share : 0)) * 100
  return (
    <svg class={`meter ${tone}`} viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect class="meter-back" width="100" height="6" />
      <rect class="meter-fill" width={width} height="6" />
    </svg>
  )
}

export function StateTag({ state }: { state: string }) {
  return <span class={`tag state-${state.toLowerCase().replaceAll(/[^a-z]/g, '')}`}>{state}</span>
}

/** The head of a table, a name a column. */
export function HeadRow({ columns }: { columns: readonly string[] }) {
  return (
    <thead>
      <tr>
        {columns.map(name => (
          <th scope="col" key={name}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
  )
}
