import t from 'tap'
import { uvsadm } from '../../../src/cli/uvsadm/run.js'
import { BenchDirector } from '../../support/bench-director.js'
import { fakeNames } from '../../support/names.js'
import { type Recorded, readTranscript } from '../../support/transcript.js'

/* Plays the recordings of the real ipvsadm on a director, command after command, and compares to the character: standard
 * output, standard error, status. What is left out is listed in APART with its reason. */

const names = fakeNames()

/** What was done before the recording began (the kernel rig's hidden lines). */
const BEFORE: Record<string, string[]> = {
  '03-listings.txt': [
    '-A -t 10.0.0.100:80 -s wlc',
    '-a -t 10.0.0.100:80 -r 10.0.0.2:80 -m -w 1',
    '-a -t 10.0.0.100:80 -r 10.0.0.3:80 -g -w 2',
    '-a -t 10.0.0.100:80 -r 10.0.0.4:80 -i -w 3 -x 100 -y 50',
    '-a -t 10.0.0.100:80 -r 10.0.0.1:80 -m -w 4',
    '-A -u 10.0.0.100:53 -s rr -o',
    '-a -u 10.0.0.100:53 -r 10.0.0.2:5353 -m',
    '-A -t 10.0.0.100:443 -s sh -b sh-port,sh-fallback -p 600 -M 255.255.255.0',
    '-a -t 10.0.0.100:443 -r 10.0.0.2:443 -g',
    '-A -f 7 -s mh -b mh-port',
    '-a -f 7 -r 10.0.0.2:0 -m',
    '-A -t 10.0.0.101:0 -s rr -p',
    '-A -t [2001:db8::1]:80 -s rr',
    '-a -t [2001:db8::1]:80 -r [2001:db8::2]:80 -m',
    '-a -t [2001:db8::1]:80 -r 10.0.0.2:80 -i',
    '-A -u 10.0.0.100:5060 -s rr -p 300 --pe sip',
    '-A --sctp-service 10.0.0.100:9 -s fo',
    '-a -t 10.0.0.100:80 -r 10.0.0.5:80 -i --tun-type gue --tun-port 6080',
  ],
}

/** Why a command is not compared here. */
const APART: [(record: Recorded) => boolean, string][] = [
  [({ command }) => /^ipvsadm (-h|-v|--version)$/.test(command), 'its text is our own'],
  [({ command }) => command.startsWith('cat /proc/'), 'no ipvsadm: uvs proc'],
  [({ command }) => /^printf|ipvsadm -R/.test(command), 'rules on standard input'],
  [({ command }) => command === 'ipvsadm -Ln -t 1.2.3.5:80', 'the service was made by -R'],
  [({ command, status }) => command.startsWith('ipvsadm --start-daemon') && status !== 2, 'starts a daemon'],
  [({ command, status }) => command.startsWith('ipvsadm --stop-daemon') && status === 0, 'stops a daemon'],
  [({ command, out }) => command === 'ipvsadm -L --daemon' && out !== '', 'lists a daemon'],
]

function reasonApart(record: Recorded): string | undefined {
  return APART.find(([isSo]) => isSo(record))?.[1]
}

/** How many are compared and how many are not, so that a rule above cannot quietly let go of some. */
const EXPECTED = {
  '01-errors-services.txt': { compared: 62, apart: 0 },
  '02-errors-destinations.txt': { compared: 58, apart: 0 },
  '03-listings.txt': { compared: 26, apart: 13 },
  '04-timeouts-daemons.txt': { compared: 18, apart: 12 },
  '07-tunnels.txt': { compared: 127, apart: 0 },
  '08-save.txt': { compared: 47, apart: 0 },
}

for (const [file, count] of Object.entries(EXPECTED)) {
  t.test(`${file}: as recorded`, async t => {
    const { control } = new BenchDirector({
      addresses: ['10.0.0.1/24@c'],
      vips: ['10.0.0.100'],
      routes: [],
      neighbours: [],
    })
    for (const line of BEFORE[file] ?? []) t.match(await uvsadm(line.split(' '), control, names), { status: 0 }, line)
    const counted = { compared: 0, apart: 0 }
    for (const record of readTranscript(file)) {
      if (reasonApart(record)) {
        counted.apart++
        continue
      }
      counted.compared++
      const { status, out, err } = await uvsadm(record.command.split(' ').slice(1), control, names)
      // The one difference on purpose: ipvsadm does not save thresholds.
      const saved = out.startsWith('-A ') ? out.replace(/ -[xy] \d+/g, '') : out
      const wanted = { status: record.status, out: record.out, err: record.err }
      t.strictSame({ status, out: saved, err }, wanted, `${file}:${record.line} ${record.command}`)
    }
    t.strictSame(counted, count, 'none was lost')
  })
}
