import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { UsageError } from '../../../director/options.js'
import { readEndpoints } from '../../../etcd/endpoints.js'
import type { EtcdOptions } from '../../../etcd/gateway.js'
import { FleetKeys } from '../../../fleet/fleet-keys.js'
import { messageOf } from '../../../linux/error-text.js'
import type { Option } from '../../option.js'
import type { Given } from './read-options.js'

/** An etcd, and the keys there. */
export interface EtcdCommand {
  readonly etcd: EtcdOptions
  readonly keys: FleetKeys
}

export const DEFAULT_PREFIX = '/uvs'

/** Which etcd: http://HOST:PORT[,…]. */
export const ETCD: Option = {
  flags: ['--etcd'],
  value: 'URL[,URL]',
  help: "etcd's members, such as http://10.0.0.1:2379 (docs/fleet.md)",
}

/** What goes with --etcd; without them etcdctl's variables in the environment count. */
export const ETCD_OPTIONS: readonly Option[] = [
  { flags: ['--etcd-prefix'], value: 'PREFIX', help: `the keys of the fleet begin so; default ${DEFAULT_PREFIX}` },
  file('--etcd-cacert', "the authority of etcd's certificate; default $ETCDCTL_CACERT"),
  file('--etcd-cert', 'our certificate; default $ETCDCTL_CERT'),
  file('--etcd-key', 'its key; default $ETCDCTL_KEY'),
  {
    flags: ['--etcd-user'],
    value: 'NAME',
    help: 'whom etcd knows us as; default $ETCDCTL_USER, with or without :PASSWORD',
  },
  file('--etcd-password-file', 'a file of the password alone; default $ETCDCTL_PASSWORD'),
]

/**
 * Reads the options, and where one is not given its variable of the environment, as etcdctl does. UsageError. `otherwise`: the endpoints
 * without --etcd; undefined if there is no etcd then.
 */
export function readEtcdOptions(given: Given, env: NodeJS.ProcessEnv, otherwise?: string): EtcdCommand | undefined {
  const text = given.one('--etcd') ?? otherwise
  if (text === undefined) {
    const stray = ETCD_OPTIONS.find(({ flags }) => given.has(flags[0]!))
    if (stray) throw new UsageError(`${stray.flags[0]} goes with --etcd, which says where etcd is`)
    return undefined
  }
  const endpoints = within('--etcd', () => readEndpoints(text))
  const keys = within('--etcd-prefix', () => new FleetKeys(given.one('--etcd-prefix') ?? DEFAULT_PREFIX))
  const tls = {
    ...pem(given, env, 'cacert', 'ca'),
    ...pem(given, env, 'cert', 'cert'),
    ...pem(given, env, 'key', 'key'),
  }
  if ('cert' in tls !== 'key' in tls) throw new UsageError('--etcd-cert and --etcd-key go together')
  if (given.has('--etcd-cacert') && !endpoints.some(({ isTls }) => isTls))
    throw new UsageError('--etcd-cacert: none of the endpoints of --etcd is https://')
  const { ca, ...own } = tls
  usable('--etcd-cacert', () => ca === undefined || new X509Certificate(ca))
  usable('--etcd-cert and --etcd-key', () => createSecureContext(own))
  return { etcd: { endpoints, tls, ...userOf(given, env) }, keys }
}

function userOf(given: Given, env: NodeJS.ProcessEnv): Pick<EtcdOptions, 'user'> {
  const asked = given.one('--etcd-user')
  if (asked?.includes(':'))
    throw new UsageError(
      '--etcd-user: a password does not belong on a command line: --etcd-password-file or $ETCDCTL_PASSWORD',
    )
  const [name = '', ...rest] = (asked ?? env['ETCDCTL_USER'] ?? '').split(':')
  const file = given.one('--etcd-password-file')
  if (name === '') {
    if (file !== undefined) throw new UsageError('--etcd-password-file goes with --etcd-user')
    return {}
  }
  const fromFile = file === undefined ? undefined : text('--etcd-password-file', file).replace(/\r?\n$/, '')
  const password = fromFile ?? (rest.length > 0 ? rest.join(':') : env['ETCDCTL_PASSWORD'])
  if (!password)
    throw new UsageError(`the password of '${name}' at etcd is missing: --etcd-password-file or $ETCDCTL_PASSWORD`)
  return { user: { name, password } }
}

function pem<K extends string>(
  given: Given,
  env: NodeJS.ProcessEnv,
  name: string,
  field: K,
): Partial<Record<K, string>> {
  const variable = `ETCDCTL_${name.toUpperCase()}`
  const asked = given.one(`--etcd-${name}`)
  const path = asked ?? env[variable]
  if (!path) return {}
  const option = asked === undefined ? `$${variable}` : `--etcd-${name}`
  const content = text(option, path)
  if (!content.includes('-----BEGIN ')) throw new UsageError(`${option}: '${path}' is not in PEM form`)
  return { [field]: content } as Record<K, string>
}

/** PEM may hold something else, or a key that is not the certificate's. TLS passes over an authority that it cannot read. */
function usable(options: string, read: () => unknown): void {
  try {
    read()
  } catch (error) {
    throw new UsageError(`${options}: ${(error as { reason?: string }).reason ?? messageOf(error)}`)
  }
}

function text(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`${option}: ${messageOf(error)}`)
  }
}

function file(flag: string, help: string): Option {
  return { flags: [flag], value: 'FILE', is: 'file', help }
}

function within<T>(option: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${option}: ${error.message}`)
    throw error
  }
}
