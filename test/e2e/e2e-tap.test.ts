import { endToEnd } from './end-to-end.js'

await endToEnd('tap')
