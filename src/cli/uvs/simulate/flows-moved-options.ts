import type { SimulatedDirector } from '../replay/simulated-director.js'
import { simulatedDirector } from '../replay/simulated-director.js'
import { SIMULATED_OPTIONS } from '../replay/simulated-options.js'
import { sysctlNames } from '../../../service/sysctls.js'
import { UsageError } from '../../../director/options.js'
import { parseCidr, type Cidr } from '../../../wire/addr.js'
import type { Form, Option } from '../../option.js'
import { JSON_FILE, jsonFile } from './json-file.js'
import type { Given } from '../options/read-options.js'
import { mustDiffer } from './write-whole.js'
import { wholeNumber } from '../options/whole-number.js'

/** Each takes a connection, with persistence a template besides. */
export const MOST_FLOWS = 1_000_000
/** RFC 6598: addresses that neither the rules nor the network is likely to have. */
export const CLIENTS = '100.64.0.0/10'
/** Every host is behind it: 192.0.0.8 is nobody's (RFC 7600). One neighbour, however many clients there are. */
export const BEHIND_ONE = ['default=192.0.0.8']
/** A connection, its template and those of another flow of that client. */
const RECORDS_A_FLOW = 4
const SPARE_RECORDS = 1024

export interface FlowsMovedCommand {
  before: string
  after: string
  /** A capture, or how many to make. */
  flows: string | number
  clients: Cidr
  clientsText: string
  simulated: SimulatedDirector
  /** Values of net.ipv4.vs.NAME. */
  sysctls: [name: string, value: string][]
}

const OF_BOTH: readonly Option[] = SIMULATED_OPTIONS.filter(({ flags }) => !['--rules', '--arp'].includes(flags[0]!))

export const FLOWS_MOVED_FORM: Form = {
  words: [],
  options: [
    { flags: ['--before'], value: 'RULES', is: 'file', help: 'rules as ipvsadm -Sn prints them', required: true },
    { flags: ['--after'], value: 'RULES', is: 'file', help: 'the rules that you think of', required: true },
    {
      flags: ['--flows'],
      value: 'CAPTURE|N',
      is: 'file',
      help: `the flows of a capture to virtual services, or N that are made from the seed, 1 to ${MOST_FLOWS}`,
      required: true,
    },
    { flags: ['--clients'], value: 'CIDR', help: `whose the N flows are; default ${CLIENTS}` },
    {
      flags: ['--sysctl'],
      value: 'NAME=VALUE',
      help: 'a net.ipv4.vs.NAME, such as expire_nodest_conn=1',
      examples: sysctlNames,
      repeatable: true,
    },
    JSON_FILE,
    ...OF_BOTH,
  ],
}

/** Pure. UsageError for what is wrong. */
export function flowsMovedCommand(given: Given): FlowsMovedCommand {
  const simulated = simulatedDirector(given)
  const hasNetwork = given.has('--address') || given.has('--route')
  const clientsText = given.one('--clients') ?? CLIENTS
  const clients = parseCidr(clientsText)
  if (clients === undefined)
    throw new UsageError(`--clients: '${clientsText}' is not ADDRESS/PREFIX, such as ${CLIENTS}`)
  const flows = flowsOf(given.one('--flows')!)
  if (given.has('--clients') && typeof flows === 'string')
    throw new UsageError(`--clients: the flows are those of ${flows}: it goes with --flows N`)
  const [before, after] = [given.one('--before')!, given.one('--after')!]
  const read = [
    ['--before', before === '-' ? undefined : before],
    ['--after', after === '-' ? undefined : after],
    ['--flows', typeof flows === 'number' ? undefined : flows],
  ] as const
  for (const each of read) mustDiffer([each, ['--json', jsonFile(given)]])
  if (before === '-' && after === '-') throw new UsageError('--before and --after: only one may be standard input')
  const director = hasNetwork
    ? simulated.director
    : { ...simulated.director, routes: BEHIND_ONE.map(route => `${route}@${simulated.links[0]!.name}`) }
  return {
    before,
    after,
    flows,
    clients,
    clientsText,
    simulated: { ...simulated, director },
    sysctls: given.all('--sysctl').map(sysctlOf),
  }
}

/** Room for all flows, unless it is said how much there is. */
export function connectionsFor(flows: number): number {
  return flows * RECORDS_A_FLOW + SPARE_RECORDS
}

function flowsOf(text: string): string | number {
  return /^\d+$/.test(text) ? wholeNumber('--flows', text, 1, MOST_FLOWS)! : text
}
function sysctlOf(text: string): [string, string] {
  const [, name, value] = /^(?:net\.ipv4\.vs\.)?([a-z0-9_]+)=(\S+)$/.exec(text) ?? []
  if (name === undefined || value === undefined)
    throw new UsageError(`--sysctl: '${text}' is not NAME=VALUE, such as expire_nodest_conn=1`)
  return [name, value]
}
