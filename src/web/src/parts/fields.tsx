import type { ComponentChildren } from 'preact'
import { T } from '../texts.ts'

/* Fields of forms. */

interface TextProps {
  label: string
  value: string
  change: (value: string) => void
  hint?: string
  pattern?: string
  /** Said of what the pattern refuses. */
  form?: string
  isRequired?: boolean
}

export function TextField({ label, value, change, hint, pattern, form, isRequired = true }: TextProps) {
  return (
    <label>
      {label}
      <input
        type="text"
        value={value}
        placeholder={hint}
        pattern={pattern}
        title={form}
        required={isRequired}
        spellcheck={false}
        autocomplete="off"
        onInput={event => change(event.currentTarget.value.trim())}
      />
    </label>
  )
}

/** All four numbers of an IPv4 address: '10.1' would be taken for 10.0.0.1. */
export function AddressField({ value, change }: { value: string; change: (value: string) => void }) {
  return (
    <TextField
      label={T.forms.address}
      value={value}
      change={change}
      hint={T.forms.addressHint}
      pattern="\d+\.\d+\.\d+\.\d+|.*:.*"
      form={T.forms.addressForm}
    />
  )
}

interface NumberProps {
  label: string
  value: number
  change: (value: number) => void
  least?: number
  most?: number
}

export function NumberField({ label, value, change, least = 0, most = 2 ** 31 - 1 }: NumberProps) {
  return (
    <label>
      {label}
      <input
        type="number"
        value={value}
        min={least}
        max={most}
        step={1}
        required
        onInput={event =>
          change(
            Number.isNaN(event.currentTarget.valueAsNumber) ? least : Math.trunc(event.currentTarget.valueAsNumber),
          )
        }
      />
    </label>
  )
}

interface ChoiceProps<V extends string> {
  label: string
  value: V
  change: (value: V) => void
  of: readonly (readonly [value: V, text: string])[]
}

export function Choice<V extends string>({ label, value, change, of }: ChoiceProps<V>) {
  return (
    <label>
      {label}
      <select value={value} onChange={event => change(event.currentTarget.value as V)}>
        {of.map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}

export function Fields({ children }: { children: ComponentChildren }) {
  return <div class="fields">{children}</div>
}
