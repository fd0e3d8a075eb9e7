import type { Answer } from '../../realserver/daemon.js'
import type { State } from '../../realserver/state.js'
import { jsonDocument } from '../json.js'

/** The document of `uvs realserver status --json`. `wrong`: a line for each difference from what start left. */
export function realServerDocument(state: State, answer: Answer | undefined, wrong: readonly string[]): string {
  const { vips, way, decapsulator } = state
  return jsonDocument('realServer', {
    vips: Object.entries(vips).map(([address, { tunnel }]) => ({ address, tunnel })),
    ...(way !== undefined && { way }),
    ...(decapsulator && {
      decapsulator: {
        pid: decapsulator.process.pid,
        device: decapsulator.options.device,
        interfaces: decapsulator.options.interfaces,
        guePort: decapsulator.options.guePort,
        ...(answer?.program && { program: answer.program }),
        ...(answer && { counters: answer.counters }),
      },
    }),
    wrong,
  })
}
