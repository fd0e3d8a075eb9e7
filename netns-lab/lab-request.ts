import type { LabMode } from '../native-free/lab-plan.js'
import type { Peer } from './ha/ha-plan.js'

export type Io = 'raw' | 'tap' | 'sim'

/** A request to `uvs lab`. Without `io`: raw where namespaces are available, else sim, if the mode has it. */
export type LabRequest =
  | ({ do: 'demo'; mode: LabMode } & LabOptions)
  | { do: 'all'; io: 'raw' | 'tap'; json?: string }
  | { do: 'beside'; json?: string }
  | { do: 'ha'; peer: Peer; json?: string }
  | { do: 'up'; mode: LabMode | 'beside'; io: 'raw' | 'tap' }
  | { do: 'fleet'; isShort: boolean; json?: string }
  | { do: 'up'; mode: 'ha'; peer: Peer }
  | { do: 'up'; mode: 'fleet' }
  | { do: 'exec'; space: string; command: string[] }
  | { do: 'down' }

export interface LabOptions {
  io?: Io
  /** The file for the figures. */
  json?: string
}
