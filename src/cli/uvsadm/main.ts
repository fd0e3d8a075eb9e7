#!/usr/bin/env node
import { connectControl, isDenied } from '../../control/socket/client.js'
import { callItself, print, printPieces, takeControl } from '../command.js'
import { systemNames } from './options/names.js'
import { restoreLines } from './restore-lines.js'
import { failure, outcome, ready } from './run.js'
import { pipeScreen, terminalScreen } from './listing/screen.js'
import { watch, watchTitle } from './listing/watch.js'

callItself('uvsadm')
const { path, rest } = takeControl(process.argv.slice(2))
process.exitCode =
  path === undefined ? print({ status: 2, out: '', err: '--control: missing argument\n' }) : await main(path, rest)

async function main(path: string, argv: string[]): Promise<number> {
  const control = connectControl(path)
  try {
    const { every, restores, run } = await ready(argv)
    if (restores) return print(await restoreLines(process.stdin, control, systemNames()))
    if (every === undefined) return await printPieces(await run(control))
    const title = watchTitle(every, argv)
    const screen = process.stdout.isTTY ? terminalScreen(title) : pipeScreen(title)
    return await watch(every, lines => outcome(() => run(control), lines, isDenied), screen)
  } catch (error) {
    return print(failure(error))
  } finally {
    control.close()
  }
}
