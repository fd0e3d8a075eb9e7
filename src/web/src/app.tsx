import { useEffect, useRef, useState } from 'preact/hooks'
import { admin, isLoginOpen, lock } from './live/admin.ts'
import { linkState, tick } from './live/live.ts'
import { place } from './live/place.ts'
import { useStore } from './live/store.ts'
import { nextTheme, theme } from './live/theme.ts'
import { StateTag } from './parts/bits.tsx'
import { followKeys } from './parts/keys.ts'
import { HelpDialog } from './parts/help.tsx'
import { LoginDialog } from './parts/login.tsx'
import { Icon } from './parts/icon.tsx'
import { LinkLine } from './parts/link-line.tsx'
import { Page } from './pages/page.tsx'
import { roleOf } from './pure/role.ts'
import { PAGES, pagePath, type Route } from './pure/routes.ts'
import { T } from './texts.ts'

export function App() {
  const route = useStore(place)
  const [isHelpOpen, setHelp] = useState(false)
  useEffect(() => followKeys({ help: () => setHelp(true) }), [])
  useEffect(() => {
    document.title = titleOf(route)
  }, [route])
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        {T.shell.skip}
      </a>
      <div class="shell">
        <Bar openHelp={() => setHelp(true)} />
        <Nav route={route} />
        <main id="main" tabIndex={-1}>
          <LinkLine />
          <Page route={route} />
        </main>
      </div>
      {isHelpOpen && <HelpDialog close={() => setHelp(false)} />}
      <Login />
    </>
  )
}

function Login() {
  return useStore(isLoginOpen) ? <LoginDialog close={() => isLoginOpen.set(false)} /> : null
}

function skip(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

function Nav({ route }: { route: Route }) {
  const here = route.page === 'service' ? 'services' : route.page
  const list = useRef<HTMLElement>(null)
  // On a small screen the list is a row that scrolls.
  useEffect(
    () => list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' }),
    [here],
  )
  return (
    <nav ref={list} class="nav" aria-label={T.shell.pages}>
      {PAGES.map(page => (
        <a key={page} href={pagePath(page)} aria-current={here === page ? 'page' : undefined}>
          <Icon name={page} />
          <span>{T.pages[page]}</span>
        </a>
      ))}
    </nav>
  )
}

function Bar({ openHelp }: { openHelp: () => void }) {
  const now = useStore(tick)
  const state = useStore(linkState)
  const chosen = useStore(theme)
  const role = roleOf(now?.vrrp)
  return (
    <header class="bar">
      <a class="brand" href="/">
        <img src="/icon.svg" alt="" width="26" height="26" />
        <b>uvs</b>
      </a>
      <span class="who" title={now?.director.version}>
        {now?.director.host ?? '…'} {role && <StateTag state={role} />}
      </span>
      <span class={`dot dot-${state}`} role="img" aria-label={T.link[state]} title={T.link[state]} />
      <span class="grow" />
      <AdminButton />
      <button
        type="button"
        class="ghost"
        onClick={nextTheme}
        aria-label={`${T.shell.theme}: ${T.theme[chosen]}`}
        title={T.theme[chosen]}
      >
        <Icon name={chosen} />
      </button>
      <button type="button" class="ghost" onClick={openHelp} aria-label={T.shell.help} title={`${T.shell.help} (?)`}>
        <Icon name="help" />
      </button>
    </header>
  )
}

function AdminButton() {
  const may = useStore(admin)
  if (!may || may.admin === 'off') {
    return (
      <span class="tag" title={T.admin.offHint}>
        {T.admin.off}
      </span>
    )
  }
  const isOpen = may.admin === 'open'
  const name = isOpen ? T.admin.lock : T.admin.unlock
  const press = (): void => (isOpen ? void lock() : isLoginOpen.set(true))
  return (
    <button type="button" class="ghost" onClick={press} title={may.who} aria-label={name}>
      <Icon name={isOpen ? 'unlocked' : 'locked'} />
      <span class="wide-only">{name}</span>
    </button>
  )
}

function titleOf(route: Route): string {
  const name = route.page === 'service' || route.page === 'missing' ? T.pages.services : T.pages[route.page]
  return `${name} · uvs`
}
