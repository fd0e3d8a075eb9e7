import type { LabMode } from '../native-free/lab-plan.js'

export type Io = 'raw' | 'tap' | 'sim'

/** What `uvs lab` was asked for. Without `io`: raw where namespaces can be had, else sim, if the mode has it. */
export type LabRequest =
  | ({ do: 'demo'; mode: LabMode } & LabOptions)
  | { do: 'all'; io: 'raw' | 'tap'; json?: string }
  | { do: 'up'; mode: LabMode; io: 'raw' | 'tap' }
  | { do: 'exec'; space: string; command: string[] }
  | { do: 'down' }

export interface LabOptions {
  io?: Io
  /** A file for the figures. */
  json?: string
}
