import {
  keyValuesOf,
  numberOf,
  rangeFields,
  revisionOf,
  toBase64,
  type KeyRange,
  type KeyValue,
  type RawKey,
} from './key-value.js'

/** What must be so. */
export type Compare =
  /** The key was last changed at this revision; 0: it is not there. */
  | { readonly key: string; readonly modRevision: number }
  /** None of the keys that begin so was put after this revision; one that was deleted since is not seen. */
  | { readonly prefix: string; readonly notAfter: number }

export type TxnOp =
  | { readonly put: { readonly key: string; readonly value: string; readonly lease?: string } }
  | { readonly delete: KeyRange | RawKey }
  /** `after`: those that were put after this revision; `limit`: no more than so many. */
  | { readonly range: KeyRange; readonly after?: number; readonly limit?: number; readonly keysOnly?: boolean }
  /** A list in a list, without conditions. */
  | { readonly txn: readonly TxnOp[] }

/**
 * At once, all or nothing. An etcd takes 128 operations of each list unless --max-txn-ops says otherwise, less those of
 * the lists around it.
 */
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
    compare: compare.map(comparison),
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

function comparison(compare: Compare): object {
  if ('key' in compare) {
    const { key, modRevision } = compare
    return { key: toBase64(key), target: 'MOD', result: 'EQUAL', mod_revision: String(modRevision) }
  }
  const { prefix, notAfter } = compare
  return { ...rangeFields({ prefix }), target: 'MOD', result: 'LESS', mod_revision: String(notAfter + 1) }
}

function operation(op: TxnOp): object {
  if ('put' in op) return { request_put: putFields(op.put) }
  if ('delete' in op) return { request_delete_range: rangeFields(op.delete) }
  if ('txn' in op) return { request_txn: { success: op.txn.map(operation) } }
  const { range, after, limit, keysOnly } = op
  return {
    request_range: {
      ...rangeFields(range),
      ...(after !== undefined && { min_mod_revision: String(after + 1) }),
      ...(limit !== undefined && { limit: String(limit) }),
      ...(keysOnly && { keys_only: true }),
    },
  }
}
