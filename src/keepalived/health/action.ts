import type { Script } from '../config/tree/scripts.js'
import type { RealServer, SorryServer } from '../config/tree/virtual-server.js'
import type { CheckedService } from './checked-service.js'

/** A change of rules. Servers come and go in the order of the actions. */
export type Change =
  | { readonly kind: 'add-service'; readonly service: CheckedService }
  | { readonly kind: 'edit-service'; readonly service: CheckedService; readonly was: CheckedService }
  /** With all that is in it. */
  | { readonly kind: 'remove-service'; readonly service: CheckedService }
  | {
      readonly kind: 'add-server' | 'edit-server'
      readonly service: CheckedService
      readonly server: RealServer | SorryServer
      readonly weight: number
    }
  | { readonly kind: 'remove-server'; readonly service: CheckedService; readonly server: RealServer | SorryServer }

/** What checking leads to, in order. */
export type Action =
  | Change
  | { readonly kind: 'log'; readonly line: string }
  /** For people: a server or a service is not as it was, and why. */
  | { readonly kind: 'happened'; readonly text: string }
  | { readonly kind: 'script'; readonly script: Script }
  /** A line for those that listen at lvs_notify_fifo and notify_fifo. */
  | { readonly kind: 'fifo'; readonly line: string }
  /** `checker`: one has changed its state, and its server has not. `isWanted`: smtp_alert, where it was said. */
  | {
      readonly kind: 'mail'
      readonly of: 'service' | 'server' | 'checker'
      readonly isWanted?: boolean
      readonly subject: string
      readonly body: string
    }

export type Act = (action: Action) => void
