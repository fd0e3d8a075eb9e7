import { Refused } from '../protocol/refusal.js'
import type { transactions as shapes } from '../protocol/transactions.js'
import type { OperationsOf } from './operation.js'

/** A client's transaction is handled by control/rules/client-transaction.ts before a request comes here. */
const ofTheSocket = {
  workers: 'first',
  run(_director: unknown, { op }: { op: string }): never {
    throw new Refused('EPROTO', `${op}: transactions are the control socket's`)
  },
} as const

export const transactions = {
  begin: ofTheSocket,
  stage: ofTheSocket,
  plan: ofTheSocket,
  commit: ofTheSocket,
} satisfies OperationsOf<keyof typeof shapes>
