import { useEffect, useState } from 'preact/hooks'
import { readServices } from '../live/all-services.ts'
import { askServices } from '../live/live.ts'
import { Card, Failed, Head } from '../parts/bits.tsx'
import { PlanSteps } from '../parts/change.tsx'
import { CopyButton } from '../parts/copy.tsx'
import { messageOf } from '../pure/message.ts'
import { rulesText } from '../pure/rules-text.ts'
import { T } from '../texts.ts'

type Mode = 'lines' | 'rules'

/** Of the sample, the most that may be: a share of them is known to a percent. */
const FLOWS = 10_000

/** What would happen: rules or lines, their plan, and only then perhaps the change. */
export function TryPage() {
  const [mode, setMode] = useState<Mode>('lines')
  const [texts, setTexts] = useState<Record<Mode, string>>({ lines: '', rules: '' })
  const [error, setError] = useState('')
  useEffect(() => askServices('none'), [])
  const text = texts[mode]
  const set = (value: string): void => setTexts({ ...texts, [mode]: value })
  const load = async (): Promise<void> => {
    try {
      setTexts({ ...texts, rules: rulesText(await readServices()) })
    } catch (failed) {
      setError(messageOf(failed))
    }
  }
  const wanted = mode === 'rules' ? { rules: text } : { lines: linesOf(text) }
  return (
    <>
      <Head title={T.pages.try} sub={T.try.sub} />
      <Card title={T.try.input} tools={text !== '' && <CopyButton text={text} what={T.try.typed} />}>
        <fieldset class="choice">
          <legend class="off-screen">{T.try.mode}</legend>
          {(['lines', 'rules'] as const).map(name => (
            <label class="inline" key={name}>
              <input type="radio" name="mode" checked={mode === name} onChange={() => setMode(name)} />
              {T.try.modes[name]}
            </label>
          ))}
          {mode === 'rules' && (
            <button type="button" class="small" onClick={() => void load()}>
              {T.try.load}
            </button>
          )}
        </fieldset>
        {error !== '' && <Failed message={error} />}
        <PlanSteps wanted={wanted} areLinesShown={false} flows={FLOWS}>
          <label>
            {T.try.label[mode]}
            <textarea
              class="mono"
              rows={12}
              spellcheck={false}
              value={text}
              placeholder={T.try.example}
              required
              onInput={event => set(event.currentTarget.value)}
            />
          </label>
        </PlanSteps>
      </Card>
    </>
  )
}

/** As in a shell: comments, empty lines and a leading `uvsadm` are left out. */
function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map(line => line.trim().replace(/^(uvsadm|ipvsadm)\s+/, ''))
    .filter(line => line !== '' && !line.startsWith('#'))
}
