import { DEFAULT_CONTROL } from '../../command.js'
import { optionsOf } from '../../option.js'
import { usageLines, type UvsCommand } from '../command.js'
import { entries, manPage, optionEntry, paragraph, section, subsection, synopsis, verbatim } from './man-page.js'

/** uvs(8). */
export function uvsPage(commands: readonly UvsCommand[], version: string, date: string): string {
  return manPage('uvs', 'a layer-4 load balancer that does what Linux IPVS does, in user space', version, date, [
    section('SYNOPSIS', synopsis(commands.flatMap(usageLines))),
    section('DESCRIPTION', ...DESCRIPTION.map(paragraph)),
    section('COMMANDS', ...commands.map(commandPart)),
    section('EXIT STATUS', entries(EXIT_STATUS)),
    section('ENVIRONMENT', entries(ENVIRONMENT)),
    section('FILES', entries(FILES)),
    section('EXAMPLES', ...EXAMPLES.flatMap(({ says, lines }) => [paragraph(says), verbatim(lines)])),
    section('SEE ALSO', '.BR uvsadm (8)\n'),
  ])
}

/** The first line of the help is a paragraph of its own. */
function commandPart(command: UvsCommand): string {
  const [first = '', ...more] = command.help.split('\n')
  return subsection(
    command.name,
    synopsis(usageLines(command)),
    paragraph(first),
    ...(more.length > 0 ? [paragraph(more.join('\n'))] : []),
    entries(optionsOf(command.forms).map(optionEntry)),
  )
}

const DESCRIPTION = [
  `uvs reads frames from network interfaces, finds or schedules the connection that each belongs to, rewrites it where it
lies in memory and sends it on: NAT, FULLNAT, direct routing and tunnels, for TCP, UDP and SCTP over IPv4. It needs no ip_vs
in the kernel.`,
  `A director runs in the foreground. Virtual services and real servers are set with uvsadm(8), or read from a file
(--rules). Every other command asks the running director over its control socket, or needs none.`,
  `An option's value stands behind it, or behind a = with it (--io tap, --io=tap). Options stand before or behind words; -- ends
them. uvs help COMMAND, or --help behind a command, shows its usage.`,
]

const EXIT_STATUS = [
  { term: '0', text: 'Done.' },
  { term: '1', text: 'Refused by the director, or it does not answer; a lab that found something wrong.' },
  { term: '2', text: 'The command line is wrong, or a line of a rules file. Nothing has been changed.' },
  { term: 'other', text: 'Of uvs script: that of the last line. Of uvs lab exec: that of the command.' },
]

const ENVIRONMENT = [
  {
    term: 'UVS_CONTROL',
    text: 'The control socket, where --control does not say which. In a namespace of a lab (uvs lab exec) it is that of its director.',
  },
  {
    term: 'UVS_LAB_PREFIX',
    text: `What the names of a lab's namespaces begin with, in place of uvs-MODE-. It keeps labs apart; uvs lab down removes
that one only.`,
  },
  {
    term: 'NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID',
    text: `systemd sets them (sd_notify(3)): uvs director tells it there when it is ready, reads its rules again or stops, and
with a watchdog that its data plane answers.`,
  },
]

const FILES = [
  {
    term: DEFAULT_CONTROL,
    text: 'The control socket, unless --control or UVS_CONTROL says otherwise. Mode 0600: who can open it can set the rules.',
  },
  {
    term: '/run/uvs/realserver-INODE.json',
    text: `What uvs realserver has changed and what was there before, a file for each network namespace. A file or directory
that somebody else owns or may write is refused, and so is a file with an entry that start does not write.`,
  },
]

const EXAMPLES = [
  {
    says: 'NAT between two interfaces, two real servers:',
    lines: [
      'uvs director --raw eth0,eth1 --address 192.168.10.1/24@eth0 \\',
      '    --address 172.16.20.150/24@eth1 --route default=192.168.10.254 &',
      'uvsadm -A -t 192.168.10.100:80 -s wrr',
      'uvsadm -a -t 192.168.10.100:80 -r 172.16.20.100:80 -m -w 3',
      'uvsadm -a -t 192.168.10.100:80 -r 172.16.20.1:80 -m -w 1',
    ],
  },
  { says: 'A real server of direct routing:', lines: ['uvs realserver start --vip 192.168.159.100'] },
  {
    says: 'A lab to play in:',
    lines: ['uvs lab up dr', 'uvs lab exec client curl -s http://192.168.159.100/', 'uvs lab down'],
  },
  { says: 'Where packets are missed:', lines: ['uvs verdicts'] },
]
