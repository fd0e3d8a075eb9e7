import { useEffect, useRef, useState } from 'preact/hooks'

const SETTLED_MS = 250

/** Says what is typed once it has settled, or at once by Enter. */
export function SearchField({
  label,
  value,
  change,
}: {
  label: string
  value: string
  change: (text: string) => void
}) {
  const [text, setText] = useState(value)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => setText(value), [value])
  useEffect(() => () => clearTimeout(timer.current), [])
  const type = (next: string): void => {
    setText(next)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => change(next.trim()), SETTLED_MS)
  }
  const enter = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter') return
    clearTimeout(timer.current)
    change(text.trim())
  }
  return (
    <input
      type="search"
      class="search"
      value={text}
      placeholder={`${label}  /`}
      aria-label={label}
      maxLength={200}
      spellcheck={false}
      onInput={event => type(event.currentTarget.value)}
      onKeyDown={enter}
    />
  )
}
