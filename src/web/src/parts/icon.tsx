import type { PageName } from '../pure/routes.ts'

type IconName = PageName | 'auto' | 'light' | 'dark' | 'help' | 'locked' | 'unlocked' | 'copy' | 'done' | 'close'

/** Strokes on a field of 24 by 24. */
const PATHS: Readonly<Record<IconName, string>> = {
  overview: 'M4 20V10M10 20V4M16 20v-8M22 20H2',
  services: 'M4 5h16M4 12h16M4 19h16M4 5v14M20 5v14',
  connections: 'M5 8h14l-4-4M19 16H5l4 4',
  drops: 'M12 3v10M7 9l5 5 5-5M5 21h14',
  path: 'M3 12h6l4-6h8M9 12l4 6h8',
  redundancy: 'M8 4H4v16h4M16 4h4v16h-4M9 12h6M12 9v6',
  settings: 'M4 7h10M18 7h2M4 17h4M12 17h8M16 5v4M10 15v4',
  try: 'M9 3h6M10 3v6L4 20h16L14 9V3M8 15h8',
  auto: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18',
  light:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M5 19l1.5-1.5M17.5 6.5L19 5',
  dark: 'M20 14A8.5 8.5 0 0 1 10 4a8.5 8.5 0 1 0 10 10z',
  help: 'M9 9a3 3 0 1 1 4 2.8c-.8.4-1 1-1 2.2M12 17.5v.5M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20',
  locked: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  unlocked: 'M6 11h12v9H6zM8.5 11V7a3.5 3.5 0 0 1 6.8-1',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  done: 'M5 13l4 4L19 7',
  close: 'M6 6l12 12M18 6L6 18',
}

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
