import { ApiError, login, logout, session, type Session } from './api.ts'
import { tick } from './live.ts'
import { Store } from './store.ts'

/** What this browser may do; undefined: not known yet. */
export const admin = new Store<Session | undefined>(undefined)
/** Why a link has not logged in; '': it has, or there was none. */
export const linkError = new Store('')
/** The dialog that asks for the token. */
export const isLoginOpen = new Store(false)

export async function refreshSession(): Promise<void> {
  try {
    admin.set(await session())
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
  }
}

/** Logins end with the director that gave them. */
export function followDirector(): void {
  let known: number | undefined
  tick.follow(now => {
    const pid = now?.director.pid
    if (known !== undefined && pid !== known) void refreshSession()
    known = pid
  })
}

/** Exchanges the code of a link of `uvs dashboard login`, which the address bar then shows no longer. */
export async function unlockByLink(): Promise<void> {
  const code = /^#login=([\w-]+)$/.exec(location.hash)?.[1]
  if (code === undefined) return refreshSession()
  history.replaceState(null, '', location.pathname + location.search)
  try {
    await unlock(code)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    linkError.set(error.message)
    await refreshSession()
    isLoginOpen.set(true)
  }
}

/** Throws ApiError. */
export async function unlock(token: string): Promise<void> {
  await login(token)
  await refreshSession()
  isLoginOpen.set(false)
}
export async function lock(): Promise<void> {
  await logout()
  await refreshSession()
}
