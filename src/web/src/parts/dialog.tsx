import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { T } from '../texts.ts'
import { Icon } from './icon.tsx'

interface DialogProps {
  title: string
  close: () => void
  children: ComponentChildren
  isWide?: boolean
}

/** The browser's own: it keeps the focus inside, Escape closes it. */
export function Dialog({ title, close, children, isWide = false }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const { current } = box
    if (current && !current.open) current.showModal()
  }, [])
  return (
    <dialog ref={box} class={isWide ? 'dialog wide' : 'dialog'} aria-labelledby={id} onClose={close}>
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="ghost" onClick={() => box.current?.close()} aria-label={T.shell.close}>
          <Icon name="close" />
        </button>
      </div>
      {children}
    </dialog>
  )
}
