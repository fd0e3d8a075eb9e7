/*
 * Counts how many elements are walked over at once, and how many characters written or read as JSON: work of that size takes that long,
 * on whatever machine. Loops by index are not seen.
 */

export interface Walks {
  /** The most elements of an array, a map or a set that one walk over it had before it. */
  elements: number
  /** The most characters of one text of JSON. */
  characters: number
}

const ARRAY = ['map', 'filter', 'forEach', 'some', 'every', 'find', 'findIndex', 'findLast', 'flatMap', 'reduce', 'sort', 'slice', 'includes', 'indexOf', 'flat', 'concat', 'toSorted', 'toReversed', 'toSpliced', 'splice', 'unshift', 'shift', 'join', 'values', 'entries', 'keys', Symbol.iterator] as const // prettier-ignore
const MAP = ['forEach', 'values', 'entries', 'keys', Symbol.iterator] as const

type Any = Record<string | symbol, (...args: unknown[]) => unknown>

/** What `job` walks over. Whatever else runs meanwhile in this thread is counted too. */
export async function walksOf(job: () => Promise<void>): Promise<Walks> {
  const found: Walks = { elements: 0, characters: 0 }
  const restore: (() => void)[] = []
  const watch = (on: object, name: string | symbol, see: (self: unknown, result: unknown, args: unknown[]) => void) => {
    const descriptor = Object.getOwnPropertyDescriptor(on, name)!
    const real = descriptor.value as Any[string]
    const value = function (this: unknown, ...args: unknown[]): unknown {
      const result = Reflect.apply(real, this, args) as unknown
      see(this, result, args)
      return result
    }
    Object.defineProperty(on, name, { ...descriptor, value })
    restore.push(() => Object.defineProperty(on, name, descriptor))
  }
  const more = (count: unknown): void => {
    if (typeof count === 'number' && count > found.elements) found.elements = count
  }
  for (const name of ARRAY) watch(Array.prototype, name, self => more((self as unknown[]).length))
  for (const on of [Map.prototype, Set.prototype])
    for (const name of MAP) watch(on, name, self => more((self as Set<unknown>).size))
  for (const name of ['keys', 'values', 'entries']) watch(Object, name, (_, all) => more((all as unknown[]).length))
  const text = (it: unknown): void => {
    if (typeof it === 'string' && it.length > found.characters) found.characters = it.length
  }
  watch(JSON, 'stringify', (_, result) => text(result))
  watch(JSON, 'parse', (_, __, [it]) => text(it))
  try {
    await job()
  } finally {
    for (const each of restore.reverse()) each()
  }
  return found
}
