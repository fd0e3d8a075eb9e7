import type { FileCheck } from '../config/tree/checker.js'

/** What a tracked file's number means for a server. */
export type FileEffect =
  { readonly isUp: false; readonly why: string } | { readonly isUp: true; readonly added: number }

const LEAST = -2_147_483_648
const MOST = 2_147_483_647

/** The number at the start of a file; 0 where there is none, or no file. */
export function numberOf(text: string | undefined): number {
  const found = Number(/^\s*([+-]?\d+)\s*$/.exec(text ?? '')?.[1] ?? 0)
  return Math.min(Math.max(found, LEAST), MOST)
}

/**
 * FILE_CHECK: the number times the weight is added to the server's weight. With weight 0 any number but 0 is down; so is -2147483648.
 * `reverse` turns the sign, and for weight 0 what is down.
 */
export function effectOf({ weight, isReverse, trackFile }: FileCheck, value: number): FileEffect {
  const why = `tracked file ${trackFile} is ${value}`
  if (weight === 0) return (value !== 0) !== isReverse ? { isUp: false, why } : { isUp: true, added: 0 }
  const added = value * weight * (isReverse ? -1 : 1)
  return added <= LEAST ? { isUp: false, why } : { isUp: true, added: added === 0 ? 0 : added }
}
