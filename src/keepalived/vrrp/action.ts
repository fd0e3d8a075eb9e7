import type { IpAddr } from '../../wire/ip-addr.js'
import type { Vip } from './settings.js'

export type State = 'INIT' | 'BACKUP' | 'MASTER' | 'FAULT'

/** What scripts, FIFOs and mails are told. */
export type NotifyEvent = 'MASTER' | 'BACKUP' | 'FAULT' | 'STOP' | 'MASTER_RX_LOWER_PRI'

/** What the state machine wants done, in order. It does nothing itself. */
export type Action =
  /** An IP packet, header and all. */
  | {
      readonly kind: 'advert'
      readonly instance: string
      readonly interface: string
      readonly destination: IpAddr
      readonly priority: number
      readonly packet: Uint8Array
    }
  /** A gratuitous ARP, or for IPv6 an unsolicited neighbour advertisement. */
  | { readonly kind: 'announce'; readonly instance: string; readonly interface: string; readonly address: IpAddr }
  | { readonly kind: 'add-address'; readonly instance: string; readonly vip: Vip }
  | { readonly kind: 'remove-address'; readonly instance: string; readonly vip: Vip }
  | {
      readonly kind: 'transition'
      readonly instance: string
      readonly from: State
      readonly to: State
      readonly priority: number
      /** One clause: which advert, which script, which interface. */
      readonly reason: string
    }
  | {
      readonly kind: 'notify'
      readonly of: 'INSTANCE' | 'GROUP'
      readonly name: string
      readonly event: NotifyEvent
      readonly priority: number
    }
  | {
      readonly kind: 'priority'
      readonly instance: string
      readonly state: State
      readonly from: number
      readonly to: number
    }
  | { readonly kind: 'log'; readonly text: string }

/** Where actions are put until they are taken. */
export class Outbox {
  #actions: Action[] = []

  put(action: Action): void {
    this.#actions.push(action)
  }
  log(text: string): void {
    this.#actions.push({ kind: 'log', text })
  }
  /** All since the last call. */
  take(): readonly Action[] {
    const actions = this.#actions
    this.#actions = []
    return actions
  }
}
