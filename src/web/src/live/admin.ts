import { ApiError, login, logout, session, type Session } from './api.ts'
import { Store } from './store.ts'

/** What this browser may do; undefined: not known yet. */
export const admin = new Store<Session | undefined>(undefined)
/** The dialog that asks for the token. */
export const isLoginOpen = new Store(false)

export async function refreshSession(): Promise<void> {
  try {
    admin.set(await session())
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
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
