import { render } from 'preact'
import { App } from './app.tsx'
import { followDirector, unlockByLink } from './live/admin.ts'
import { firstAsked } from './live/first-asked.ts'
import { startLive } from './live/live.ts'
import { place, startPlace } from './live/place.ts'
import { startTheme } from './live/theme.ts'

startTheme()
startPlace()
startLive(firstAsked(place.value))
void unlockByLink()
followDirector()
// A link that is opened where the page stands already.
addEventListener('hashchange', () => void unlockByLink())
render(<App />, document.getElementById('app')!)
