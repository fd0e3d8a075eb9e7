import { everyMode } from './every-mode.js'

await everyMode('tun', 'raw')
