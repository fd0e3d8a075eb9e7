import { keyValuesOf, numberOf, rangeFields, revisionOf, toBase64, type KeyRange, type KeyValue } from './key-value.js'

/** What must be so: the key was last changed at this revision; 0: it is not there. */
export interface Compare {
  readonly key: string
  readonly modRevision: number
}

export type TxnOp =
  | { readonly put: { readonly key: string; readonly value: string; readonly lease?: string } }
  | { readonly delete: KeyRange }
  | { readonly range: KeyRange }

/** At once, all or nothing. An etcd takes 128 operations of each list unless --max-txn-ops says otherwise. */
export interface Txn {
  readonly compare: readonly Compare[]
  /** Done if all of it is so. */
  readonly success: readonly TxnOp[]
  /** Done if not. */
  readonly failure?: readonly TxnOp[]
}

export interface TxnResult {
  /** Whether all that was compared was so. */
  readonly succeeded: boolean
  /** Of the store, with what was done. */
  readonly revision: number
  /** Of each operation: keys of a range, how many a delete has deleted. */
  readonly results: readonly { readonly kvs: readonly KeyValue[]; readonly deleted: number }[]
}

type Json = Record<string, unknown>

export function txnBody({ compare, success, failure = [] }: Txn): object {
  return {
    compare: compare.map(({ key, modRevision }) => ({
      key: toBase64(key),
      target: 'MOD',
      result: 'EQUAL',
      mod_revision: String(modRevision),
    })),
    success: success.map(operation),
    failure: failure.map(operation),
  }
}

export function txnResult(answer: Json): TxnResult {
  const responses = Array.isArray(answer.responses) ? (answer.responses as Json[]) : []
  return {
    succeeded: answer.succeeded === true,
    revision: revisionOf(answer),
    results: responses.map(({ response_range: range, response_delete_range: gone }) => ({
      kvs: keyValuesOf((range as Json | undefined)?.kvs),
      deleted: numberOf((gone as Json | undefined)?.deleted, 'deleted'),
    })),
  }
}

export function putFields({ key, value, lease }: { key: string; value: string; lease?: string }): object {
  return { key: toBase64(key), value: toBase64(value), ...(lease !== undefined && { lease }) }
}

function operation(op: TxnOp): object {
  if ('put' in op) return { request_put: putFields(op.put) }
  if ('delete' in op) return { request_delete_range: rangeFields(op.delete) }
  return { request_range: rangeFields(op.range) }
}
