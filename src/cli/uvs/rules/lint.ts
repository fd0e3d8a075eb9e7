import { jsonDocument } from '../../json.js'
import type { Outcome } from '../../../control/protocol/api.js'
import { trialDirectorMaker } from '../../../control/rules/trial-director.js'
import type { Director } from '../../../director/director.js'
import { parseVip } from '../../../director/options.js'
import type { DataPlaneOptions } from '../../../plane/data-plane-options.js'
import { parseCidr, parseIpv4, type Cidr } from '../../../wire/addr.js'
import { print } from '../../command.js'
import type { Finding, RuleSet } from '../../lint/hazard.js'
import { findHazards } from '../../lint/hazards.js'
import { RuleSetReader } from '../../lint/read-rule-set.js'
import { type Names, systemNames } from '../../uvsadm/options/names.js'
import type { UvsCommand } from '../command.js'
import { readAnnounce } from '../director/announce-options.js'
import { parseMark } from '../options/mark-option.js'
import { type Given, readOptions } from '../options/read-options.js'
import { schedulerUrls } from '../options/scheduler-urls.js'
import { readRules } from './rules-file.js'

export const lint: UvsCommand = {
  name: 'lint',
  help: `Reads ipvsadm rules and says what they would do that is hardly meant.
FILE:LINE: HAZARD: what happens, what to do instead. - is standard input; blank lines and # comments are all right. No director
is asked: --raw, --address, --vip, --mark, --scheduler, --announce and --fleet, as uvs director has them, say what it will have. With --raw this host's
kernel is asked what it holds, to say who will answer for each virtual address. docs/lint.md has every hazard.
Status: 0 nothing found (what is only worth knowing, "info", does not count), 1 hazards, 2 the file cannot be read, or holds
a line that is no rule.`,
  forms: [
    {
      words: [{ value: 'FILE', is: 'file' }],
      options: [
        {
          flags: ['--raw'],
          value: 'IF[,IF]',
          is: 'interface',
          help: 'the interfaces of this host that it will be given',
        },
        {
          flags: ['--vip'],
          value: 'ADDR|CIDR',
          help: 'a further address that it will answer for',
          repeatable: true,
        },
        {
          flags: ['--address'],
          value: 'ADDR/LEN@IF',
          help: 'an address that the director will be given',
          repeatable: true,
        },
        {
          flags: ['--mark'],
          value: "'PROTO CIDR:PORTS=N'",
          help: 'a mark that the director will be given',
          repeatable: true,
        },
        {
          flags: ['--scheduler'],
          value: 'FILE',
          is: 'file',
          help: 'a scheduler of your own that the director will be given',
          repeatable: true,
        },
        {
          flags: ['--announce'],
          value: 'IF',
          help: "the interface that it will put the VIPs on: with --raw, this host's kernel holds them then",
        },
        { flags: ['--fleet'], help: 'several directors will have these rules, side by side' },
        { flags: ['--json'], help: 'one JSON object' },
      ],
    },
  ],
  async run(args) {
    return print(await lintFile(args, systemNames()))
  },
}

/** Runs `uvs lint` with its arguments. */
export async function lintFile(args: readonly string[], names: Names): Promise<Outcome> {
  const given = readOptions(lint, args)
  const file = given.words[0]!
  const marks = new Set(given.all('--mark').map(rule => parseMark(rule).mark))
  const reader = await readerFor(given, names)
  for (const rule of readRules(file, '')) await reader.read(rule)
  const around = { isFleet: given.has('--fleet'), areAnnounced: readAnnounce(given) !== undefined }
  const findings = [...reader.findings, ...findHazards(reader.ruleSet(marks, around))].toSorted(
    (a, b) => a.line - b.line,
  )
  const out = given.has('--json')
    ? jsonDocument('findings', findings)
    : findings.map(found => text(file, found)).join('')
  return { status: statusOf(findings), out, err: '' }
}

/** Lints against a director with the given interfaces, addresses and schedulers. */
async function readerFor(given: Given, names: Names): Promise<RuleSetReader> {
  const addresses = given.all('--address')
  const vips = given.all('--vip')
  const raw = given.one('--raw')
  const areAnnounced = readAnnounce(given) !== undefined
  const interfaces = new Set([...(raw?.split(',') ?? []), ...addresses.map(text => text.split('@')[1] ?? '')])
  const options: DataPlaneOptions = {
    devices: [...interfaces].map(name => ({ kind: 'raw', name })),
    director: { addresses, vips, seed: 0 },
    schedulers: schedulerUrls(given.all('--scheduler')),
  }
  const makeDirector = await trialDirectorMaker(raw === undefined ? options : await onHost(options))
  const director = makeDirector()
  const networks = addresses.map(text => parseCidr(text.split('@')[0]!)!)
  const own = [...networks, ...vips.map(vip => parseVip(vip))]
  return new RuleSetReader(
    names,
    director,
    networks,
    raw === undefined ? undefined : answerers(director, own, areAnnounced),
  )
}

/** The options on this host, as `uvs director` would have them. Native code is imported only here. */
async function onHost(options: DataPlaneOptions): Promise<DataPlaneOptions> {
  const { onThisHost, readHost } = await import('../../../plane/shared-interfaces.js')
  return onThisHost(options, readHost()).options
}

/** `own`: what the director has been given, of which it leaves out what the kernel holds. What it announces the kernel will hold. */
function answerers(
  { ownAddresses, links }: Director,
  own: readonly Cidr[],
  areAnnounced: boolean,
): RuleSet['whoAnswers'] {
  return text => {
    const addr = parseIpv4(text)!
    const isGiven = own.some(cidr => cidr.addr === addr)
    return {
      isKernels: areAnnounced || ownAddresses.isKernels(addr),
      isDirectors: isGiven || links.some(link => ownAddresses.answersFor(addr, link)),
    }
  }
}

function text(file: string, { line, hazard, severity, message }: Finding): string {
  return `${file}:${line}: ${hazard}: ${severity === 'info' ? '(info) ' : ''}${message}\n`
}

function statusOf(findings: readonly Finding[]): number {
  if (findings.some(({ hazard }) => hazard === 'not-a-rule')) return 2
  return findings.some(({ severity }) => severity === 'hazard') ? 1 : 0
}
