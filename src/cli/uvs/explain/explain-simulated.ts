import { closeSync } from 'node:fs'
import {
  explainCapture,
  explainPackets,
  type Explaining,
  type Show,
} from '../../../../native-free/explain/explain-capture.js'
import { TypedPacketError } from '../../../../native-free/replay/typed-packet.js'
import { CaptureError } from '../../../capture/capture-error.js'
import { CaptureReader } from '../../../capture/capture-reader.js'
import { UsageError } from '../../../director/options.js'
import { loadScheduler } from '../../../plane/load-scheduler.js'
import { beginRules } from '../replay/begin-rules.js'
import { openCapture } from '../replay/open-capture.js'
import type { SimulatedDirector } from '../replay/simulated-director.js'

/** Explains packets typed by hand, one after the other, to a director with the rules. UsageError names the wrong word. */
export async function explainTyped(texts: readonly string[], simulated: SimulatedDirector, show: Show): Promise<void> {
  try {
    for (const explanation of await explainPackets(texts, await explaining(simulated))) show(explanation)
  } catch (error) {
    throw error instanceof TypedPacketError ? new UsageError(error.message) : error
  }
}

/** Explains frames of a capture, counted from 1; all before the last one go through the director too. An Error in a line. */
export async function explainFrames(
  file: string,
  numbers: readonly number[],
  simulated: SimulatedDirector,
  show: Show,
): Promise<void> {
  const { fd } = openCapture('--in', file)
  try {
    await explainCapture(new CaptureReader(fd), numbers, await explaining(simulated), show)
  } catch (error) {
    throw error instanceof CaptureError ? new Error(`${file}: ${error.message}`) : error
  } finally {
    closeSync(fd)
  }
}

async function explaining(simulated: SimulatedDirector): Promise<Explaining> {
  const { links, director, hasStandIns } = simulated
  const schedulers = await Promise.all(simulated.schedulers.map(loadScheduler))
  return {
    links,
    director: { ...director, schedulers },
    hasStandIns,
    begin: control => beginRules(control, simulated),
  }
}
