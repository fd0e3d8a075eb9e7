import { everyMode } from './every-mode.js'

await everyMode('dr', 'raw')
