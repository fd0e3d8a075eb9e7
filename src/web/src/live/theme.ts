import { Store } from './store.ts'

export type Theme = 'auto' | 'light' | 'dark'
const KEY = 'uvs-theme'
const NEXT: Readonly<Record<Theme, Theme>> = { auto: 'light', light: 'dark', dark: 'auto' }

export const theme = new Store<Theme>(kept())

export function startTheme(): void {
  show(theme.value)
  theme.follow(show)
}
export function nextTheme(): void {
  const next = NEXT[theme.value]
  try {
    localStorage.setItem(KEY, next)
  } catch {
    // Private windows may keep nothing; the choice lasts as long as the page.
  }
  theme.set(next)
}

function show(chosen: Theme): void {
  if (chosen === 'auto') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = chosen
}
function kept(): Theme {
  try {
    const found = localStorage.getItem(KEY)
    return found === 'light' || found === 'dark' ? found : 'auto'
  } catch {
    return 'auto'
  }
}
/** Whether the page is dark now. */
export function isDark(): boolean {
  return theme.value === 'auto' ? matchMedia('(prefers-color-scheme: dark)').matches : theme.value === 'dark'
}
