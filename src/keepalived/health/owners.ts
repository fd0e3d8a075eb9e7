import type { RealServer } from '../config/tree/virtual-server.js'
import type { CheckedService } from './checked-service.js'

/* What a part knows of the whole that it belongs to. */

export interface ServiceOfServer {
  readonly name: string
  readonly options: CheckedService
  readonly isSuspended: boolean
}

export interface ServerOfChecker {
  /** `[10.1.2.1]:tcp:80`. */
  readonly name: string
  readonly options: RealServer
  readonly service: ServiceOfServer
  readonly growth: { readonly isUnderWay: boolean }
  /** A step of slow_start is due. */
  grow(nowMs: number): void
  /** One of its checkers has spoken. */
  recheck(nowMs: number): void
}
