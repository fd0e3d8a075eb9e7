#!/usr/bin/env node
import { connectControl } from '../../control/socket/client.js'
import { callItself, print, takeControl } from '../command.js'
import { uvsadm } from './run.js'

/* uvsadm-save [-n]: prints the rules, as ipvsadm-save does: any other option prints the usage, any word is ignored. */

const USAGE = `uvsadm-save: prints the rules to standard output, for uvsadm-restore.
   With the -n option, addresses and ports as numbers. --control PATH is the director's socket.
`

callItself('uvsadm-save')
const { path, rest } = takeControl(process.argv.slice(2))
if (rest.includes('-h') || rest.includes('--help')) {
  process.exitCode = print({ status: 0, out: USAGE, err: '' })
} else if (path === undefined || rest.some(word => word.startsWith('-') && word !== '-n')) {
  process.exitCode = print({ status: 1, out: '', err: USAGE })
} else {
  const control = connectControl(path)
  process.exitCode = print(await uvsadm(rest.includes('-n') ? ['-S', '-n'] : ['-S'], control))
  control.close()
}
