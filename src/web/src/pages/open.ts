import type { DestinationInfo } from '../../../control/protocol/api.ts'

/** Which dialog is open above the page of a service. */
export type Open =
  | { dialog: 'edit' | 'remove' | 'add-server' }
  | { dialog: 'edit-server' | 'remove-server' | 'drain'; server: DestinationInfo }
