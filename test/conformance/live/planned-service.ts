import type { Protocol } from './scenario.js'

/** A virtual service as the commands name it. What it has at a moment is not kept: a command may be refused. */
export interface PlannedService {
  /** '-t 10.99.1.100:80' or '-f 7'. */
  key: string
  protocol: Protocol
  vip: string
  /** Ports whose packets it may get. */
  ports: number[]
  isMark: boolean
  /** Persistence that may run out while it is played: only where there is a pause for it. */
  isBrief: boolean
  /** 'ADDRESS:PORT'. */
  servers: string[]
  /** Those of them that are sent to directly. */
  direct: Set<string>
  /** Routes may take hardly anything: then datagrams are not very long, as no queue holds so many pieces. */
  hasTinyMtus: boolean
}
