import { useEffect, useState } from 'preact/hooks'
import { admin, linkError, unlock } from '../live/admin.ts'
import { useStore } from '../live/store.ts'
import { messageOf } from '../pure/message.ts'
import { T } from '../texts.ts'
import { Command } from './copy.tsx'
import { Dialog } from './dialog.tsx'

export function LoginDialog({ close }: { close: () => void }) {
  const [error, setError] = useState(linkError.value)
  const hasCodes = useStore(admin)?.hasCodes === true
  useEffect(() => linkError.set(''), [])
  const [token, setToken] = useState('')
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      await unlock(token.trim())
    } catch (failed) {
      setError(messageOf(failed))
    }
  }
  return (
    <Dialog title={T.admin.unlock} close={close}>
      <form class="form" onSubmit={event => void submit(event)}>
        <p class="note">{hasCodes ? T.admin.codeHint : T.admin.tokenHint}</p>
        {hasCodes && <Command text="uvs dashboard login" />}
        <label>
          {hasCodes ? T.admin.tokenOrCode : T.admin.token}
          <input
            type="password"
            autocomplete="current-password"
            value={token}
            onInput={event => setToken(event.currentTarget.value)}
            required
          />
        </label>
        {error !== '' && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        <div class="actions">
          <button type="submit" class="primary">
            {T.admin.unlock}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
