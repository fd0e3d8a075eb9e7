#!/usr/bin/env node
import type { Outcome } from '../../control/protocol/api.js'
import { connectControl } from '../../control/socket/client.js'
import { callItself, print, takeControl } from '../command.js'
import { readText, Unreadable } from '../read-text.js'
import { systemNames } from './options/names.js'
import { replaceRules } from './replace-rules.js'
import { failure } from './run.js'

/* uvsadm-restore: replaces the rules by those of standard input. Like ipvsadm-restore, it ignores any other argument. */

const USAGE = `uvsadm-restore: makes the rules those of standard input, as uvsadm-save prints them; # begins a comment line.
   Input with a line that is no rule, or without a service, leaves the rules as they are.
   --control PATH is the director's socket.
`

callItself('uvsadm-restore')
const { path, rest } = takeControl(process.argv.slice(2))
process.exitCode = print(await main())

async function main(): Promise<Outcome> {
  if (rest.includes('-h') || rest.includes('--help')) return { status: 0, out: USAGE, err: '' }
  if (path === undefined) return { status: 2, out: '', err: '--control: missing argument\n' }
  const control = connectControl(path)
  try {
    return await replaceRules(readText('-'), control, systemNames())
  } catch (error) {
    return error instanceof Unreadable ? { status: 2, out: '', err: `${error.message}\n` } : failure(error)
  } finally {
    control.close()
  }
}
