import { setFlagsFromString } from 'node:v8'

/**
 * Has V8 put the path's functions in the place of their calls, as many as there are: it stops at 920 bytecodes in one function
 * otherwise, and calls the rest. A packet of an open connection costs a sixth less. To be called before the first frame;
 * it counts for the whole process (node --v8-options).
 */
export function inlineThePath(): void {
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=4000')
  setFlagsFromString('--max-inlined-bytecode-size=1000')
}

/**
 * Has V8 collect garbage when memory is asked for, and not eight seconds after that once more, and again, to give memory back: of
 * a director of 9 MB each of these took both CPUs for some 20 ms, with four threads to help.
 */
export function collectOnlyWhenAsked(): void {
  setFlagsFromString(`--gc-memory-reducer-start-delay-ms=${2 ** 31 - 1}`)
}
