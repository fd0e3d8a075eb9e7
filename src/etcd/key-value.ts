import { EtcdError } from './etcd-error.js'

/** A key with its value, as of a revision. */
export interface KeyValue {
  readonly key: string
  /** Base64 of the key, if it is no UTF-8: then `key` is not what etcd knows it by. */
  readonly raw?: string
  readonly value: string
  /** The revision of the last change of the key: what a compare-and-swap compares. */
  readonly modRevision: number
  /** Of the change that made the key. */
  readonly createRevision: number
  /** The lease that the key ends with; undefined for none. */
  readonly lease: string | undefined
}

/** One key, or all that begin so. */
export type KeyRange = { readonly key: string } | { readonly prefix: string }
/** One key by its base64. */
export interface RawKey {
  readonly raw: string
}

/** Of the gateway: octets are base64, 64-bit numbers texts, what is zero or empty is left out. */
type Json = Record<string, unknown>

export function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}

export function fromBase64(text: unknown): string {
  return typeof text === 'string' ? Buffer.from(text, 'base64').toString('utf8') : ''
}

/** A key's fields in a request. */
export function rangeFields(range: KeyRange | RawKey): { key: string; range_end?: string } {
  if ('key' in range) return { key: toBase64(range.key) }
  if ('raw' in range) return { key: range.raw }
  return { key: toBase64(range.prefix), range_end: endOf(range.prefix) }
}

/** From `after` on, within the range. */
export function fieldsAfter(
  range: KeyRange & { readonly prefix: string },
  after: string,
): { key: string; range_end: string } {
  return { key: Buffer.from(`${after}\0`, 'utf8').toString('base64'), range_end: endOf(range.prefix) }
}

/** Exact up to 2^53, further than any cluster's revision comes. EtcdError for what is no number. */
export function numberOf(value: unknown, field: string): number {
  const number = value === undefined ? 0 : Number(value)
  if (!Number.isSafeInteger(number))
    throw new EtcdError('malformed', `etcd: ${field} of an answer is '${String(value)}', not a number`)
  return number
}

/** The revision of the store as of an answer. */
export function revisionOf({ header }: Json): number {
  return numberOf((header as Json | undefined)?.revision, 'the revision')
}

export function keyValueOf(kv: Json): KeyValue {
  const lease = kv.lease === undefined || kv.lease === '0' ? undefined : String(kv.lease)
  const key = fromBase64(kv.key)
  return {
    key,
    ...(typeof kv.key === 'string' && toBase64(key) !== kv.key && { raw: kv.key }),
    value: fromBase64(kv.value),
    modRevision: numberOf(kv.mod_revision, 'mod_revision'),
    createRevision: numberOf(kv.create_revision, 'create_revision'),
    lease,
  }
}

export function keyValuesOf(kvs: unknown): KeyValue[] {
  return Array.isArray(kvs) ? kvs.map(each => keyValueOf(each as Json)) : []
}

/** The first key behind all that begin with the prefix: the last octet below 255, and one more. Of an empty prefix: all keys. */
function endOf(prefix: string): string {
  const octets = Buffer.from(prefix, 'utf8')
  // UTF-8 has no octet 255.
  const end = octets.length === 0 ? Buffer.from([0]) : octets
  if (octets.length > 0) end[end.length - 1]! += 1
  return end.toString('base64')
}
