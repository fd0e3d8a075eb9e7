import { CommandLineError } from '../failure.js'

interface SchedFlag {
  name: string
  bit: number
  /** The only scheduler that has it; undefined: all schedulers without their own names for the bits. */
  scheduler?: string
}

/** In the order of ipvsadm's listings. */
const FLAGS: readonly SchedFlag[] = [
  { name: 'sh-fallback', bit: 1, scheduler: 'sh' },
  { name: 'sh-port', bit: 2, scheduler: 'sh' },
  { name: 'mh-fallback', bit: 1, scheduler: 'mh' },
  { name: 'mh-port', bit: 2, scheduler: 'mh' },
  { name: 'flag-1', bit: 1 },
  { name: 'flag-2', bit: 2 },
  { name: 'flag-3', bit: 4 },
]

export const schedFlagList = FLAGS.map(({ name }) => name)

/** The bits of `-b LIST`. flag-1 to flag-3 are valid for every scheduler. */
export function readSchedFlags(list: string, scheduler: string): number {
  const names = list.split(',').filter(name => name !== '')
  if (names.length === 0 && list !== '') throw new CommandLineError(`invalid scheduler flag \`${list}'`) // ipvsadm crashes
  let bits = 0
  for (const name of names) {
    const flag = FLAGS.find(known => known.name === name)
    if (!flag) throw new CommandLineError(`invalid scheduler flag \`${name}'`)
    if (flag.scheduler && flag.scheduler !== scheduler)
      throw new CommandLineError(`incompatible scheduler flag \`${name}'`)
    bits |= flag.bit
  }
  return bits
}

/** In the form that -b accepts, including bits that a listing does not show. ipvsadm saves less, even `-b ` alone. */
export function savedFlagNames(bits: number, scheduler: string): string {
  const shown = schedFlagNames(bits, scheduler)
  const hidden = FLAGS.filter(({ name, bit }) => name === 'flag-3' && (bits & bit) !== 0 && !shown.includes(name))
  return [...(shown === '' ? [] : [shown]), ...hidden.map(({ name }) => name)].join(',')
}

/** In the form of listings. sh and mh have no name for the third bit, so that `-s sh -b flag-3` is listed as `()`. */
export function schedFlagNames(bits: number, scheduler: string): string {
  const own = FLAGS.some(flag => flag.scheduler === scheduler) ? scheduler : undefined
  const names = FLAGS.filter(flag => flag.scheduler === own && (bits & flag.bit) !== 0).map(flag => flag.name)
  return names.join(',')
}
