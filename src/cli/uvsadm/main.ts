#!/usr/bin/env node
import { connectControl } from '../../control/client.js'
import { print, takeControl } from '../command.js'
import { systemNames } from './names.js'
import { uvsadm } from './run.js'

const { path, rest } = takeControl(process.argv.slice(2))
if (path === undefined) {
  process.exitCode = print({ status: 2, out: '', err: '--control: missing argument\n' })
} else {
  const control = connectControl(path)
  process.exitCode = print(await uvsadm(rest, control, systemNames(), process.stdin))
  control.close()
}
