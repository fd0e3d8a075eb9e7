import { setFlagsFromString } from 'node:v8'

/**
 * Raises V8's limits for inlining, so that it inlines all functions of the path: by default it stops at 920 bytecodes a function, and at
 * 4600 in all. A packet of an open connection costs a sixth less, one on the whole path a third. What is small does not count: our getters of
 * headers have up to 48 bytecodes, V8's limit is 27; a new connection costs a quarter less. Call it before the first frame; it applies to the
 * whole process (node --v8-options).
 */
export function inlineThePath(): void {
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=8000')
  setFlagsFromString('--max-inlined-bytecode-size-absolute=12000')
  setFlagsFromString('--max-inlined-bytecode-size=1000')
  setFlagsFromString('--max-inlined-bytecode-size-small=50')
}

/**
 * Makes V8 collect garbage only on allocation. By default it collects again after eight seconds, repeatedly, to return memory: with
 * a director of 9 MB each of these collections took both CPUs for some 20 ms, with four helper threads. Call it before anything else: the
 * eight seconds begin with the first collection, which is while modules are loaded.
 */
export function collectOnlyWhenAsked(): void {
  setFlagsFromString(`--gc-memory-reducer-start-delay-ms=${2 ** 31 - 1}`)
}
