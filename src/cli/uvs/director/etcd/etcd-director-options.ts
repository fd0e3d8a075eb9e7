import { realpathSync } from 'node:fs'
import { hostname } from 'node:os'
import { UsageError } from '../../../../director/options.js'
import { DIRECTOR_NAME_HELP, isDirectorName } from '../../../../fleet/fleet-keys.js'
import type { Option } from '../../../option.js'
import { ETCD, ETCD_OPTIONS, readEtcdOptions, type EtcdCommand } from '../../options/etcd-options.js'
import type { Given } from '../../options/read-options.js'

/** Rules by etcd, and what this director is called there. */
export interface DirectorEtcdOptions extends EtcdCommand {
  readonly name: string
  /** Where the last rules that were seen are kept. */
  readonly stateDirectory: string
}

const DEFAULT_STATE = '/var/lib/uvs'

const NAME: Option = { flags: ['--etcd-name'], value: 'NAME', help: "this director's name there; default the host's" }
const STATE: Option = {
  flags: ['--etcd-state'],
  value: 'DIR',
  is: 'file',
  help: `where the last rules are kept for a start without etcd; default $STATE_DIRECTORY, else ${DEFAULT_STATE}`,
}

export const DIRECTOR_ETCD_OPTIONS: readonly Option[] = [ETCD, ...ETCD_OPTIONS, NAME, STATE]

/** Undefined: without --etcd. UsageError. */
export function readDirectorEtcd(given: Given, env: NodeJS.ProcessEnv): DirectorEtcdOptions | undefined {
  const found = readEtcdOptions(given, env)
  const name = given.one('--etcd-name') ?? hostname()
  if (!found) {
    for (const { flags } of [NAME, STATE])
      if (given.has(flags[0]!)) throw new UsageError(`${flags[0]} goes with --etcd`)
    return undefined
  }
  if (!isDirectorName(name)) throw new UsageError(`--etcd-name: '${name}' is not ${DIRECTOR_NAME_HELP}`)
  if (given.has('--rules'))
    throw new UsageError(
      '--rules does not go with --etcd: `uvs fleet apply FILE` puts its rules there, for all directors',
    )
  if (given.has('--keepalived'))
    throw new UsageError('--keepalived does not go with --etcd, whose rules would end its services')
  return { ...found, name, stateDirectory: given.one('--etcd-state') ?? systemdState(env) ?? DEFAULT_STATE }
}

/** Of a DynamicUser it is a link that root has made: where that leads. */
function systemdState({ STATE_DIRECTORY: directories }: NodeJS.ProcessEnv): string | undefined {
  const directory = directories?.split(':')[0]
  if (!directory) return undefined
  try {
    return realpathSync(directory)
  } catch {
    return directory
  }
}
