import type { Director } from '../../director/director.js'
import { SysctlError } from '../../service/sysctls.js'
import { Refused } from '../protocol/refusal.js'
import type { sysctls as shapes } from '../protocol/sysctls.js'
import type { OperationsOf } from './operation.js'

export const sysctls = {
  sysctls: {
    workers: 'first',
    run: director => director.sysctls.all(),
  },
  'set-sysctl': {
    run: (director, { name, value }) => setSysctl(director, name, value),
  },
} satisfies OperationsOf<keyof typeof shapes>

/** Sysctls that take effect at once. am_droprate and amemthresh take effect with the next check, once a second (§10.1). */
const DEFENCES = ['drop_entry', 'drop_packet', 'secure_tcp']

function setSysctl({ sysctls, defence, flows }: Director, name: string, value: string): string {
  const before = sysctls.get(name)
  if (before === undefined) throw new Refused('ENOENT', `there is no sysctl net.ipv4.vs.${name}`)
  const after = written(() => sysctls.set(name, value))
  if (after !== before && DEFENCES.includes(name)) defence.evaluate()
  if (after !== before && name === 'pmtu_disc') flows?.changed()
  return after
}
function written(set: () => string): string {
  try {
    return set()
  } catch (error) {
    if (error instanceof SysctlError) throw new Refused('EINVAL', error.message)
    throw error
  }
}
