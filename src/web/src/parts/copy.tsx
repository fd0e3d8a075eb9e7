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

export function CopyButton({ text }: { text: string }) {
  const [isDone, setDone] = useState(false)
  const copy = async (): Promise<void> => {
    await copyText(text)
    setDone(true)
    setTimeout(() => setDone(false), 1500)
  }
  return (
    <button
      type="button"
      class="ghost small"
      onClick={() => void copy()}
      aria-label={isDone ? T.shell.copied : T.shell.copy}
      title={T.shell.copy}
    >
      <Icon name={isDone ? 'done' : 'copy'} />
    </button>
  )
}

/** navigator.clipboard is there only on https and localhost; a director is often neither. */
async function copyText(text: string): Promise<void> {
  if (isSecureContext) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'off-screen'
  const host = document.querySelector('dialog[open]') ?? document.body
  host.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}
