import { render } from 'preact'
import { App } from './app.tsx'
import { refreshSession } from './live/admin.ts'
import { startLive } from './live/live.ts'
import { startPlace } from './live/place.ts'
import { startTheme } from './live/theme.ts'

startTheme()
startPlace()
startLive()
void refreshSession()
render(<App />, document.getElementById('app')!)
