import { useState } from 'preact/hooks'
import { T } from '../texts.ts'
import { Icon } from './icon.tsx'

/** A command as text, with a button that copies it. */
export function Command({ text }: { text: string }) {
  return (
    <div class="command">
      <code tabIndex={0}>{text}</code>
      <CopyButton text={text} />
    </div>
  )
}

/** `what`: of several buttons each has a name of its own. */
export function CopyButton({ text, what = text }: { text: string; what?: string }) {
  const [outcome, setOutcome] = useState<Outcome>('copy')
  const copy = async (): Promise<void> => {
    setOutcome((await copyText(text)) ? 'copied' : 'notCopied')
    setTimeout(() => setOutcome('copy'), 1500)
  }
  const label = outcome === 'copy' ? T.shell.copyOf(what) : T.shell[outcome]
  return (
    <button type="button" class="ghost small" onClick={() => void copy()} aria-label={label} title={label}>
      <Icon name={ICONS[outcome]} />
    </button>
  )
}
type Outcome = 'copy' | 'copied' | 'notCopied'
const ICONS = { copy: 'copy', copied: 'done', notCopied: 'close' } as const

/** navigator.clipboard is there only on https and localhost, and may be forbidden; a director is often neither. */
async function copyText(text: string): Promise<boolean> {
  if (isSecureContext) {
    try {
      await navigator.clipboard.writeText(text)
      return true
    } catch {
      // The old way may be allowed.
    }
  }
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'off-screen'
  const host = document.querySelector('dialog[open]') ?? document.body
  host.append(area)
  area.select()
  const isDone = document.execCommand('copy')
  area.remove()
  return isDone
}
