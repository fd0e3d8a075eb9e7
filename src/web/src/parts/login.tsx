import { useState } from 'preact/hooks'
import { unlock } from '../live/admin.ts'
import { messageOf } from '../pure/message.ts'
import { T } from '../texts.ts'
import { Dialog } from './dialog.tsx'

export function LoginDialog({ close }: { close: () => void }) {
  const [error, setError] = useState('')
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
        <p class="note">{T.admin.tokenHint}</p>
        <label>
          {T.admin.token}
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
