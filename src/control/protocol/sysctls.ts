import { name, text } from './check.js'
import { takes } from './shape.js'

const value = text('a line of text', found => /^[\t -~]{0,255}$/.test(found))

export const sysctls = {
  /** Every sysctl of net.ipv4.vs by its name there, in the order of `sysctl -a`. */
  sysctls: takes({}).returns<[string, string][]>(),
  /** Returns the value as it then reads. ENOENT: no such name; EINVAL: the kernel would refuse the value. */
  'set-sysctl': takes({ name, value }).returns<string>(),
}

/** Clears services, destinations, connections, counters, marks, timeouts and sysctls, as after start. */
export const resets = {
  reset: takes({}),
}
