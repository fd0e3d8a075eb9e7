#!/usr/bin/env node
import { connectControl } from '../../control/client.js'
import { print, printPieces, takeControl } from '../command.js'
import { failure, outcome, ready } from './run.js'
import { pipeScreen, terminalScreen } from './screen.js'
import { watch, watchTitle } from './watch.js'

const { path, rest } = takeControl(process.argv.slice(2))
process.exitCode =
  path === undefined ? print({ status: 2, out: '', err: '--control: missing argument\n' }) : await main(path, rest)

async function main(path: string, argv: string[]): Promise<number> {
  const control = connectControl(path)
  try {
    const { every, run } = await ready(argv)
    if (every === undefined) return await printPieces(await run(control))
    const title = watchTitle(every, argv)
    const screen = process.stdout.isTTY ? terminalScreen(title) : pipeScreen(title)
    return await watch(every, lines => outcome(() => run(control), lines), screen)
  } catch (error) {
    return print(failure(error))
  } finally {
    control.close()
  }
}
