import { CONTROL, DEFAULT_CONTROL } from '../../command.js'
import type { Command } from '../../uvsadm/command.js'
import { OPTIONS } from '../../uvsadm/options/options.js'
import { bold, entries, manPage, optionEntry, paragraph, section, synopsis, verbatim } from './man-page.js'

/** uvsadm(8). */
export function uvsadmPage(commands: readonly Command[], version: string, date: string): string {
  return manPage(
    'uvsadm',
    'sets and shows the virtual services of uvs, as ipvsadm does those of the kernel',
    version,
    date,
    [
      section('SYNOPSIS', synopsis(commands.map(({ usage }) => `uvsadm ${usage}`))),
      section('DESCRIPTION', ...DESCRIPTION.map(paragraph)),
      section('COMMANDS', entries(commands.map(({ flags, help }) => optionEntry({ flags, help })))),
      section('OPTIONS', entries([...OPTIONS, CONTROL].map(optionEntry))),
      section('EXIT STATUS', entries(EXIT_STATUS)),
      section(
        'ENVIRONMENT',
        entries([{ term: 'UVS_CONTROL', text: 'The control socket, where --control does not say which.' }]),
      ),
      section('FILES', entries([{ term: bold(DEFAULT_CONTROL), text: "The director's control socket." }])),
      section('EXAMPLES', ...EXAMPLES.flatMap(({ says, lines }) => [paragraph(says), verbatim(lines)])),
      section('SEE ALSO', '.BR uvs (8),\n.BR ipvsadm (8)\n'),
    ],
  )
}

const DESCRIPTION = [
  `uvsadm takes ipvsadm's arguments and prints what ipvsadm prints. In place of the kernel it asks the running director of
uvs(8). The first option is the command; without any, the services are listed.`,
  `A virtual-service is -t, -u or --sctp-service with host:port, or -f with a firewall mark. A tunnel is --tun-type with
--tun-port and one of --tun-nocsum, --tun-csum and --tun-remcsum.`,
  `uvsadm-save [-n] prints what -S prints. uvsadm-restore makes the rules those of standard input, all at once; lines that begin
with # are comments. Input with a line that ends -R, or without a service, leaves the rules as they are, and a line says so; where
there are none, the lines above it count. What stays keeps its connections and counters.`,
  `With -a and -e, -b is --fullnat; with -A and -E it is --sched-flags.`,
]

const EXIT_STATUS = [
  { term: '0', text: 'Done.' },
  { term: '1', text: 'To be listed was a service that is not there.' },
  { term: '2', text: 'Options that do not go together, or a bad value; or no director answers.' },
  { term: '255', text: "Refused by the director, or no option of ipvsadm's at all." },
]

const EXAMPLES = [
  {
    says: 'A service on TCP port 80, weighted round-robin, with two real servers behind NAT:',
    lines: [
      'uvsadm -A -t 192.168.10.100:80 -s wrr',
      'uvsadm -a -t 192.168.10.100:80 -r 172.16.20.100:80 -m -w 3',
      'uvsadm -a -t 192.168.10.100:80 -r 172.16.20.1:80 -m -w 1',
    ],
  },
  { says: 'What it has done since the start:', lines: ['uvsadm -Ln --stats'] },
  { says: 'The rules, to be read by uvs director --rules:', lines: ['uvsadm -Sn > rules'] },
]
