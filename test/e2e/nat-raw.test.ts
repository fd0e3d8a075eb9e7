import { everyMode } from './every-mode.js'

await everyMode('nat', 'raw')
