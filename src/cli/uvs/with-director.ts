import type { Control, Outcome } from '../../control/protocol/api.js'
import { connectControl } from '../../control/socket/client.js'
import { defaultControl, print } from '../command.js'
import type { Given } from './options/read-options.js'

/** Connects to the director of --control, runs the request and prints the outcome. */
export async function withDirector(given: Given, ask: (control: Control) => Promise<Outcome>): Promise<number> {
  const control = connectControl(given.one('--control') ?? defaultControl())
  try {
    return print(await ask(control))
  } finally {
    control.close()
  }
}
