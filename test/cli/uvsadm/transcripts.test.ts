import t from 'tap'
import { uvsadm } from '../../../src/cli/uvsadm/run.js'
import type { Outcome } from '../../../src/control/api.js'
import { FakeControl } from '../../support/fake-control.js'
import { fakeNames } from '../../support/names.js'
import { type Recorded, readTranscript } from '../../support/transcript.js'

/* Plays the recordings of the real ipvsadm. A command is
 *   exact     compared to the character: standard output, standard error, status
 *   not yet   asks for what uvs lacks: must say so in one line and give status 2
 *   apart     no plain ipvsadm command, or listed in APART with its reason
 * Commands not yet there have made no service here, so a recorded listing is compared without the services and real
 * servers that the director does not have. That hides no failure of ours: each command that makes one is compared itself. */

const names = fakeNames()

/** Options of ipvsadm that uvs lacks. */
const LACKING = new Set('-6 --pe -R --start-daemon --stop-daemon --daemon'.split(' '))

/** What was done before the recording began, as far as uvs can do it, in the kernel's order of services. */
const BEFORE: Record<string, string[]> = {
  '03-listings.txt': [
    '-A -u 10.0.0.100:53 -s rr -o',
    '-a -u 10.0.0.100:53 -r 10.0.0.2:5353 -m',
    '-A -t 10.0.0.101:0 -s rr -p',
    '-A -t 10.0.0.100:80 -s wlc',
    '-a -t 10.0.0.100:80 -r 10.0.0.2:80 -m -w 1',
    '-a -t 10.0.0.100:80 -r 10.0.0.3:80 -g -w 2',
    '-a -t 10.0.0.100:80 -r 10.0.0.4:80 -i -w 3 -x 100 -y 50',
    '-a -t 10.0.0.100:80 -r 10.0.0.1:80 -m -w 4',
    '-a -t 10.0.0.100:80 -r 10.0.0.5:80 -i --tun-type gue --tun-port 6080',
    '-A -t 10.0.0.100:443 -s sh -b sh-port,sh-fallback -p 600 -M 255.255.255.0',
    '-a -t 10.0.0.100:443 -r 10.0.0.2',
    '-A --sctp-service 10.0.0.100:9 -s fo',
    '-A -f 7 -s mh -b mh-port',
    '-a -f 7 -r 10.0.0.2:0 -m',
  ],
}

const APART: Record<string, string> = {
  'ipvsadm -h': 'its text is not in the recording',
  'ipvsadm -Ln -t 1.2.3.5:80': 'the service was made by -R',
}

const SAVED: Record<string, string> = { '-t': 'TCP', '-u': 'UDP', '--sctp-service': 'SCTP', '-f': 'FWM' }

type Kind = 'exact' | 'not yet' | 'apart'

function kindOf({ command, status }: Recorded): Kind {
  if (!/^ipvsadm( |$)/.test(command) || /[|;<>]/.test(command) || APART[command]) return 'apart'
  const words = command.split(' ')
  if (words.some(word => LACKING.has(word))) return 'not yet'
  if (status === 2) return 'exact' // a usage error is found before what is lacking
  return command.includes('[') ? 'not yet' : 'exact'
}

/** `TCP 10.0.0.100:80`, `TCP 10.0.0.100:80 > 10.0.0.2:80`, `FWM 7`: what the director has. */
function keysOf(control: FakeControl): Set<string> {
  const services = control.services.map(svc => ({
    ...svc,
    key: 'mark' in svc ? `FWM ${svc.mark}` : `${svc.protocol.toUpperCase()} ${svc.address}:${svc.port}`,
  }))
  const destinations = services.flatMap(svc =>
    svc.destinations.map(dest => `${svc.key} > ${dest.address}:${dest.port}`),
  )
  return new Set([...services.map(svc => svc.key), ...destinations])
}

function numeric(endpoint: string, protocol: string): string {
  if (protocol === 'FWM') return endpoint
  const [, address, port = ''] = /^(.*):([^:]*)$/.exec(endpoint) ?? []
  return `${address}:${names.portNumber(port, protocol === 'UDP' ? 'udp' : 'tcp') ?? port}`
}

/** A listing's lines about something in `keys`, and all others that are about nothing. */
function only(listing: string, keys: Set<string>): string {
  let service = ''
  const kept = listing.split('\n').filter(line => {
    const [, protocol = '', endpoint = ''] = /^(TCP|UDP|SCTP|FWM) +(\S+)/.exec(line) ?? []
    const [, destination] = /^ {2}-> (\S+:\S+) +(?:Masq|Route|Tunnel|\d)/.exec(line) ?? []
    if (protocol) service = `${protocol} ${numeric(endpoint, protocol)}`
    if (protocol) return keys.has(service)
    const [, flag, at = '', server] = /^-[Aa] (-t|-u|--sctp-service|-f) (\S+)(?: -r (\S+))?/.exec(line) ?? []
    if (flag) {
      const saved = `${SAVED[flag]} ${numeric(at, SAVED[flag]!)}`
      return keys.has(server ? `${saved} > ${numeric(server, saved.slice(0, 3))}` : saved)
    }
    return !destination || keys.has(`${service} > ${numeric(destination, service.slice(0, 3))}`)
  })
  return kept.join('\n')
}

async function play(file: string): Promise<{ record: Recorded; kind: Kind; got: Outcome; wanted: string }[]> {
  const control = new FakeControl()
  for (const line of BEFORE[file] ?? []) await uvsadm(line.split(' '), control, names)
  const played = []
  for (const record of readTranscript(file)) {
    const kind = kindOf(record)
    if (kind === 'apart') continue
    const done = await uvsadm(record.command.split(' ').slice(1), control, names)
    // The one difference on purpose: ipvsadm does not save thresholds.
    const got =
      kind === 'exact' && done.out.startsWith('-A ') ? { ...done, out: done.out.replace(/ -[xy] \d+/g, '') } : done
    const keys = keysOf(control)
    played.push({ record, kind, got: { ...got, out: only(got.out, keys) }, wanted: only(record.out, keys) })
  }
  return played
}

/** How many commands of each kind there are, so that a rule above cannot quietly let go of some. */
const EXPECTED = {
  '01-errors-services.txt': { exact: 57, 'not yet': 5, apart: 0 },
  '02-errors-destinations.txt': { exact: 57, 'not yet': 1, apart: 0 },
  '03-listings.txt': { exact: 27, 'not yet': 1, apart: 11 },
  '04-timeouts-daemons.txt': { exact: 13, 'not yet': 17, apart: 0 },
  '07-tunnels.txt': { exact: 126, 'not yet': 1, apart: 0 },
  '08-save.txt': { exact: 47, 'not yet': 0, apart: 0 },
}

for (const [file, count] of Object.entries(EXPECTED)) {
  t.test(`${file}: as recorded`, async t => {
    const played = await play(file)
    for (const { record, kind, got, wanted } of played) {
      const name = `${file}:${record.line} ${record.command}`
      if (kind === 'exact') {
        t.strictSame(got, { status: record.status, out: wanted, err: record.err }, name)
      } else {
        t.equal(got.status, 2, name)
        t.match(got.err, /^.* is not there yet in uvs.*\n$/, `${name}: says so in one line`)
        t.equal(got.out, '')
      }
    }
    const kinds = { exact: 0, 'not yet': 0, apart: 0 }
    for (const record of readTranscript(file)) kinds[kindOf(record)]++
    t.strictSame(kinds, count, 'none was lost')
  })
}
