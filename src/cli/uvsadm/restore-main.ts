#!/usr/bin/env node
import { connectControl } from '../../control/client.js'
import { print, takeControl } from '../command.js'
import { systemNames } from './names.js'
import { uvsadm } from './run.js'

/* uvsadm-restore: -C, then -R, as ipvsadm-restore does, which passes over all its arguments. */

const { path } = takeControl(process.argv.slice(2))
if (path === undefined) {
  process.exitCode = print({ status: 2, out: '', err: '--control: missing argument\n' })
} else {
  const control = connectControl(path)
  const status = print(await uvsadm(['-C'], control))
  // What there was would be mixed with what is to come.
  process.exitCode = status || print(await uvsadm(['-R'], control, systemNames(), process.stdin))
  control.close()
}
