import { everyMode } from './every-mode.js'

await everyMode('fullnat', 'tap')
