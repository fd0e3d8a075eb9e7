import { WITHDRAW_POLICIES, type WithdrawPolicy } from '../../../announce/ready-vips.js'
import { UsageError } from '../../../director/options.js'
import type { Option } from '../../option.js'
import { readDuration } from '../options/duration.js'
import type { Given } from '../options/read-options.js'

/** How VIPs are announced. */
export interface AnnounceOptions {
  /** The interface that is made for them. */
  readonly interface: string
  readonly withdraw: WithdrawPolicy
  /** How long a VIP that was withdrawn must be ready before it is announced again, in seconds. */
  readonly holdS: number
}

const DEFAULT_HOLD_S = 10

export const ANNOUNCE_OPTIONS: readonly Option[] = [
  {
    flags: ['--announce'],
    value: 'IF',
    help: 'makes the interface and puts the VIPs of services on it, for BIRD to announce; gone with the process',
  },
  {
    flags: ['--withdraw'],
    value: WITHDRAW_POLICIES.join('|'),
    choices: WITHDRAW_POLICIES,
    help: 'whose VIP is withdrawn for want of real servers of a weight above 0: if all its services have none, or any; never unless given',
  },
  {
    flags: ['--announce-hold'],
    value: 'TIME',
    help: `how long a VIP that was withdrawn must be ready before it is announced again; ${DEFAULT_HOLD_S}s unless given`,
  },
]

/** Undefined: nothing is announced. UsageError for what is invalid. */
export function readAnnounce(given: Given): AnnounceOptions | undefined {
  const name = given.one('--announce')
  if (name === undefined) {
    for (const flag of ['--withdraw', '--announce-hold'])
      if (given.has(flag)) throw new UsageError(`${flag} goes with --announce IF`)
    return undefined
  }
  if (!/^[^\s/:@=,%]{1,15}$/.test(name)) throw new UsageError(`--announce: '${name}' cannot be an interface's name`)
  if (!given.has('--raw'))
    throw new UsageError(
      '--announce goes with --raw: a BGP daemon speaks by an interface that uvs shares with the kernel',
    )
  const hold = given.one('--announce-hold')
  const holdS = hold === undefined ? DEFAULT_HOLD_S : readDuration(hold)
  if (holdS === undefined) throw new UsageError(`--announce-hold: '${hold}' is no time: 90, 60s, 5m, at most 31 days`)
  return { interface: name, withdraw: (given.one('--withdraw') as WithdrawPolicy | undefined) ?? 'never', holdS }
}
