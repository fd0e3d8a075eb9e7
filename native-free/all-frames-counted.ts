import { frameFigures, verdictsByName } from '../src/control/operations/director-figures.js'
import { conservation, conservationLine } from '../src/control/protocol/conservation.js'
import type { Director } from '../src/director/director.js'

/** Throws unless every frame that came in is sent, answered, consumed, dropped for a reason, or held. */
export function allFramesCounted(director: Director): void {
  const sums = conservation({ verdicts: verdictsByName(director), frames: frameFigures(director) })
  if (sums.missing !== 0) throw new Error(conservationLine(sums))
}
