import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Answerers, Finding, RuleSet } from '../../../src/cli/lint/hazard.js'
import { findHazards, HAZARD_NAMES } from '../../../src/cli/lint/hazards.js'
import { RuleSetReader } from '../../../src/cli/lint/read-rule-set.js'
import { Director } from '../../../src/director/director.js'
import type { Scheduler } from '../../../src/sched/scheduler.js'
import { parseCidr } from '../../../src/wire/addr.js'
import { fakeNames } from '../../support/names.js'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../../..')

const S = '-t 10.0.0.100:80'
const A = '-r 10.0.1.1:80'
const B = '-r 10.0.1.2:80'
const OK = [`-A ${S} -s wrr`, `-a ${S} ${A} -m`]

/** Rules that have the hazard, each time in their last line unless a line is given; and rules that have it not. */
interface Case {
  hazard: string
  has: (string | [line: number, ...rules: string[]])[][]
  hasNot: string[][]
  /** Who answers for an address, where that is known. */
  whoAnswers?: RuleSet['whoAnswers']
  /** Several directors will have them. */
  isFleet?: boolean
  /** --announce is given. */
  areAnnounced?: boolean
}
/** 10.0.0.101 is the kernel's, 10.0.0.102 the director's, 10.0.0.103 has been given to both. */
const whoAnswers = (address: string): Answerers => ({
  isKernels: /10[13]$/.test(address),
  isDirectors: /10[23]$/.test(address),
})
const rules = (...lines: string[]): string[] => lines
const at = (line: number, ...lines: string[]): [[number, ...string[]]] => [[line, ...lines]]

const CASES: Case[] = [
  {
    hazard: 'not-a-rule',
    has: [
      rules('-Q'),
      rules('ipvsadm -A -t 10.0.0.100:80'),
      rules('-L'),
      rules('-A -t 10.0.0.100:0 -s rr'),
      rules('-A -t 10.0.0.300:80'),
    ],
    hasNot: [OK, rules('-A -t 10.0.0.100:0 -s rr -p', '-a -t 10.0.0.100:0 -r 10.0.1.1 -g')],
  },
  {
    hazard: 'refused',
    has: [rules(`-A ${S} -s nosuch`), rules(`-a ${S} ${A} -m`), rules(...OK, `-e ${S} ${B} -m`)],
    hasNot: [OK, rules(...OK, `-a ${S} ${A} -m`)],
  },
  {
    hazard: 'duplicate',
    has: [
      rules(...OK, `-A ${S} -s rr`),
      rules(...OK, `-a ${S} ${A} -m`),
      rules(`-A ${S} -s rr`, `-a ${S} ${A} -g`, `-a ${S} -r 10.0.1.1:8080 -g`),
      rules(...OK, `--add-laddr -z 10.0.2.1 ${S}`, `--add-laddr -z 10.0.2.1 ${S}`),
      rules('-A -t [2001:DB8::1]:80', '-a -t [2001:db8:0::1]:80 -r [2001:DB8::2]:80 -m', '-A -t [2001:db8::1]:80'),
    ],
    hasNot: [rules(...OK, `-a ${S} ${B} -m`, '-A -u 10.0.0.100:80'), rules(...OK, `-d ${S} ${A}`, `-a ${S} ${A} -m`)],
  },
  {
    hazard: 'edit-line',
    has: [
      rules(...OK, `-E ${S} -s rr`),
      rules(...OK, `-e ${S} ${A} -m -w 2`),
      rules(...OK, '-Z'),
      rules(...OK, '--set 0 0 30'),
    ],
    hasNot: [OK],
  },
  {
    hazard: 'delete-line',
    has: [
      rules(...OK, `-D ${S}`),
      rules(...OK, `-d ${S} ${A}`),
      rules('-C'),
      rules(...OK, `--add-laddr -z 10.0.2.1 ${S}`, `--del-laddr -z 10.0.2.1 ${S}`),
    ],
    hasNot: [OK],
  },
  {
    hazard: 'port-replaced',
    has: [
      rules(`-A ${S}`, `-a ${S} -r 10.0.1.1:8080 -g`),
      rules(`-A ${S}`, `-a ${S} -r 10.0.1.1:8080 -i`),
      rules(`-A ${S}`, `-a ${S} -r 10.0.1.1:8080`),
    ],
    hasNot: [rules(`-A ${S}`, `-a ${S} -r 10.0.1.1:8080 -m`, `-a ${S} ${B} -g`, `-a ${S} -r 10.0.1.3 -i`)],
  },
  {
    hazard: 'threshold-order',
    has: [
      rules(...OK, `-a ${S} ${B} -m -y 5`),
      rules(...OK, `-a ${S} ${B} -m -x 5 -y 6`),
      rules(...OK, `-e ${S} ${A} -m -x 5 -y 6`),
    ],
    hasNot: [rules(...OK, `-a ${S} ${B} -m -x 6 -y 5`)],
  },
  {
    hazard: 'scheduler-flags',
    has: [rules(`-A ${S} -s rr -b sh-port`), rules(`-A ${S} -s rr -b flag-1`), rules(`-A ${S} -s sh -b flag-3`)],
    hasNot: [rules(`-A ${S} -s sh -b sh-port,sh-fallback`), rules(`-A ${S} -s mh -b flag-1`)],
  },
  {
    hazard: 'local-address-is-vip',
    has: [
      rules(...OK, `--add-laddr -z 10.0.0.100 ${S}`),
      at(3, ...OK, `--add-laddr -z 10.0.0.101 ${S}`, '-A -t 10.0.0.101:80'),
    ],
    hasNot: [rules(...OK, `--add-laddr -z 10.0.2.1 ${S}`)],
  },
  {
    hazard: 'local-address-is-real-server',
    has: [
      rules(...OK, `--add-laddr -z 10.0.1.1 ${S}`),
      rules(`-A ${S}`, `--add-laddr -z 10.0.1.1 ${S}`, `-a ${S} ${A} -b`),
      at(3, ...OK, `--add-laddr -z 10.0.1.2 ${S}`, '-A -t 10.0.0.101:80', `-a -t 10.0.0.101:80 ${B} -m`),
    ],
    hasNot: [rules(...OK, `--add-laddr -z 10.0.2.1 ${S}`)],
  },
  {
    hazard: 'uvs-only',
    has: [
      rules(`-A ${S} --toa`),
      rules(`-A ${S} --proxy-protocol v2`),
      rules(`-A ${S}`, `-a ${S} ${A} -b`),
      rules(`-A ${S} -s mine`),
      rules(...OK, `--add-laddr -z 10.0.2.1 ${S}`),
    ],
    hasNot: [OK, rules(`-A ${S} -s sh -b sh-port`, `-a ${S} ${A} -g -x 5 -y 3`)],
  },
  {
    hazard: 'persistent-weight-0',
    has: [rules(`-A ${S} -p`, `-a ${S} ${A} -m`, `-a ${S} ${B} -m -w 0`)],
    hasNot: [rules(`-A ${S}`, `-a ${S} ${A} -m`, `-a ${S} ${B} -m -w 0`), rules(`-A ${S} -p`, `-a ${S} ${A} -m`)],
  },
  {
    hazard: 'hash-weight-0',
    has: [
      ...['sh', 'dh', 'sh -b sh-port'].map(s => rules(`-A ${S} -s ${s}`, `-a ${S} ${A} -m -w 0`)),
      rules(`-A ${S} -s mh`, `-a ${S} ${A} -m`, `-e ${S} ${A} -m -w 0`),
    ],
    hasNot: [
      rules(`-A ${S} -s sh -b sh-fallback`, `-a ${S} ${A} -m -w 0`),
      rules(`-A ${S} -s mh`, `-a ${S} ${A} -m -w 0`),
      rules(`-A ${S} -s mh -b mh-fallback`, `-a ${S} ${A} -m`, `-e ${S} ${A} -m -w 0`),
      rules(`-A ${S} -s rr`, `-a ${S} ${A} -m -w 0`),
    ],
  },
  {
    hazard: 'hash-threshold',
    has: ['sh', 'dh', 'mh'].map(s => rules(`-A ${S} -s ${s}`, `-a ${S} ${A} -m -x 5`)),
    hasNot: [
      rules(`-A ${S} -s mh -b mh-fallback`, `-a ${S} ${A} -m -x 5`),
      rules(`-A ${S} -s sh`, `-a ${S} ${A} -m`),
      rules(`-A ${S}`, `-a ${S} ${A} -m -x 5`),
    ],
  },
  {
    hazard: 'hash-starved',
    has: [at(1, `-A ${S} -s sh`, `-a ${S} ${A} -m -w 128`, `-a ${S} ${B} -m -w 129`)],
    hasNot: [
      rules(`-A ${S} -s sh`, `-a ${S} ${A} -m -w 128`, `-a ${S} ${B} -m -w 128`),
      rules(`-A ${S} -s mh`, `-a ${S} ${A} -m -w 128`, `-a ${S} ${B} -m -w 129`),
    ],
  },
  {
    hazard: 'hash-alike',
    has: [rules(`-A ${S} -s mh`, `-a ${S} -r 10.0.1.9:80 -m`, `-a ${S} -r 10.0.1.1:81 -m`, `-a ${S} ${B} -m`)],
    hasNot: [
      rules(`-A ${S} -s mh`, `-a ${S} -r 10.0.1.1:81 -m`, `-a ${S} ${B} -m`),
      rules(`-A ${S} -s mh`, `-a ${S} -r 10.0.1.9:80 -m`, `-a ${S} -r 10.0.1.1:81 -m`, `-a ${S} ${B} -m -w 0`),
      rules(`-A ${S} -s mh`, `-a ${S} -r 10.0.1.1:80 -m`, `-a ${S} -r 10.0.1.1:81 -m`, `-a ${S} -r 10.0.1.1:82 -m`),
      rules(`-A ${S} -s sh`, `-a ${S} -r 10.0.1.9:80 -m`, `-a ${S} -r 10.0.1.1:81 -m`, `-a ${S} ${B} -m`),
    ],
  },
  {
    hazard: 'weight-ratio',
    has: [at(1, `-A ${S} -s wrr`, `-a ${S} ${A} -m -w 100`, `-a ${S} ${B} -m -w 1`)],
    hasNot: [
      rules(`-A ${S} -s wrr`, `-a ${S} ${A} -m -w 100`, `-a ${S} ${B} -m -w 2`),
      rules(`-A ${S} -s wrr`, `-a ${S} ${A} -m -w 100`, `-a ${S} ${B} -m -w 0`),
      rules(`-A ${S} -s wlc`, `-a ${S} ${A} -m -w 100`, `-a ${S} ${B} -m -w 1`),
    ],
  },
  {
    hazard: 'weights-ignored',
    has: ['rr', 'lc', 'dh']
      .map(s => at(1, `-A ${S} -s ${s}`, `-a ${S} ${A} -m -w 2`, `-a ${S} ${B} -m -w 1`))
      .flat(1)
      .map(each => [each]),
    hasNot: [
      rules(`-A ${S} -s rr`, `-a ${S} ${A} -m -w 2`, `-a ${S} ${B} -m -w 0`),
      rules(`-A ${S} -s wrr`, `-a ${S} ${A} -m -w 2`, `-a ${S} ${B} -m -w 1`),
    ],
  },
  {
    hazard: 'udp-load-unseen',
    has: ['sed', 'nq', 'ovf'].map(s => rules(`-A -u 10.0.0.100:53 -s ${s}`)),
    hasNot: [rules('-A -u 10.0.0.100:53 -s wlc'), rules(`-A ${S} -s sed`)],
  },
  {
    hazard: 'all-weight-0',
    has: [at(1, `-A ${S}`, `-a ${S} ${A} -m -w 0`, `-a ${S} ${B} -m -w 0`)],
    hasNot: [rules(`-A ${S}`, `-a ${S} ${A} -m -w 0`, `-a ${S} ${B} -m -w 1`), rules(`-A ${S}`)],
  },
  {
    hazard: 'no-server',
    has: [rules(`-A ${S}`), at(1, ...OK, `-d ${S} ${A}`)],
    hasNot: [OK, rules(...OK, `-D ${S}`), rules(...OK, '-C')],
  },
  {
    hazard: 'threshold-flaps',
    has: [rules(...OK, `-a ${S} ${B} -m -x 5 -y 5`)],
    hasNot: [rules(...OK, `-a ${S} ${B} -m -x 5 -y 4`), OK],
  },
  {
    hazard: 'threshold-persistent',
    has: [rules(`-A ${S} -p`, `-a ${S} ${A} -m -x 5`)],
    hasNot: [rules(`-A ${S}`, `-a ${S} ${A} -m -x 5`), rules(`-A ${S} -p`, `-a ${S} ${A} -m`)],
  },
  {
    hazard: 'threshold-capacity',
    has: [
      at(1, `-A ${S}`, `-a ${S} ${A} -m -x 500`, `-a ${S} ${B} -m -x 500`),
      at(1, '-A -u 10.0.0.100:53', '-a -u 10.0.0.100:53 -r 10.0.1.1 -m -x 5'),
    ],
    hasNot: [rules(`-A ${S}`, `-a ${S} ${A} -m -x 500`, `-a ${S} ${B} -m`), rules(`-A ${S}`)],
  },
  {
    hazard: 'netmask-not-mask',
    has: [rules(`-A ${S} -p -M 24`), rules(`-A ${S} -p -M 255.0.255.0`)],
    hasNot: [
      rules(`-A ${S} -p -M 255.255.255.0`),
      rules(`-A ${S} -p -M 0.0.0.0`),
      rules(`-A ${S} -p`),
      rules('-A -t [2001:db8::1]:80 -p -M 64', '-A -f 7 -6 -p -M 56'),
    ],
  },
  {
    hazard: 'netmask-without-persistence',
    has: [rules(`-A ${S} -M 255.255.255.0`)],
    hasNot: [rules(`-A ${S} -p -M 255.255.255.0`), OK],
  },
  {
    hazard: 'port-ignored',
    has: [
      rules('-A -f 7 -p', '-a -f 7 -r 10.0.1.1:8080 -m'),
      rules('-A -t 10.0.0.100:0 -p', '-a -t 10.0.0.100:0 -r 10.0.1.1:8080 -m'),
    ],
    hasNot: [
      rules('-A -f 7', '-a -f 7 -r 10.0.1.1:8080 -m'),
      rules('-A -f 7 -p', '-a -f 7 -r 10.0.1.1 -m'),
      rules(`-A ${S} -p`, `-a ${S} -r 10.0.1.1:8080 -m`),
    ],
  },
  {
    hazard: 'port-0-beside-others',
    has: [rules(`-A ${S}`, '-A -t 10.0.0.100:0 -p')],
    hasNot: [
      rules('-A -t 10.0.0.101:80', '-A -t 10.0.0.100:0 -p'),
      rules('-A -u 10.0.0.100:80', '-A -t 10.0.0.100:0 -p'),
    ],
  },
  {
    hazard: 'ftp-without-helper',
    has: [rules('-A -t 10.0.0.100:21'), rules('-A -t 10.0.0.100:ftp -p')],
    hasNot: [OK, rules('-A -u 10.0.0.100:21')],
  },
  {
    hazard: 'mark-unknown',
    has: [rules('-A -f 7')],
    hasNot: [rules('-A -f 1'), OK],
  },
  {
    hazard: 'ipv6-not-served',
    has: [
      rules('-A -t [2001:db8::1]:80 -s rr'),
      at(1, '-A -t [2001:db8::1]:80 -s rr', '-a -t [2001:db8::1]:80 -r [2001:db8::2] -m'),
      rules('-A -f 7 -6 -s rr'),
      rules(...OK, `-a ${S} -r [2001:db8::2]:80 -i`),
    ],
    hasNot: [OK, rules('-A -f 7 -s rr', '-a -f 7 -r 10.0.1.1 -g')],
  },
  {
    hazard: 'sip-not-served',
    has: [rules('-A -u 10.0.0.100:5060 -p --pe sip')],
    hasNot: [rules('-A -u 10.0.0.100:5060 -p')],
  },
  {
    hazard: 'one-packet-untranslated',
    has: [
      rules('-A -u 10.0.0.100:53 -o', '-a -u 10.0.0.100:53 -r 10.0.1.1 -m'),
      rules('-A -u 10.0.0.100:53 -o', '-a -u 10.0.0.100:53 -r 10.0.1.1 -b'),
    ],
    hasNot: [
      rules('-A -u 10.0.0.100:53 -o', '-a -u 10.0.0.100:53 -r 10.0.1.1 -g'),
      rules('-A -u 10.0.0.100:53', '-a -u 10.0.0.100:53 -r 10.0.1.1 -m'),
    ],
  },
  {
    hazard: 'real-server-is-vip',
    has: [
      rules(`-A ${S}`, `-a ${S} -r 10.0.0.100:80 -m`),
      rules(`-A ${S}`, '-A -t 10.0.0.101:80', '-a -t 10.0.0.101:80 -r 10.0.0.100 -m'),
    ],
    hasNot: [OK],
  },
  {
    hazard: 'not-a-host',
    has: [
      ...['0.0.0.0', '0.1.2.3', '127.0.0.1', '127.9.9.9', '224.0.0.5', '239.1.1.1', '255.255.255.255', '240.0.0.1'].map(
        vip => at(1, `-A -u ${vip}:5000`, `-a -u ${vip}:5000 ${A} -m`),
      ),
      ...['10.0.0.255', '10.0.0.0'].map(vip => rules(`-A -t ${vip}:80`)),
      ...['0.0.0.0', '127.0.0.1', '224.0.0.5', '255.255.255.255', '10.0.0.255', '10.0.0.0', '240.0.0.1'].flatMap(ip => [
        rules(...OK, `-a ${S} -r ${ip} -m`),
        rules(...OK, `--add-laddr -z ${ip} ${S}`),
        rules('-A -f 1', `-a -f 1 -r ${ip} -g`),
      ]),
    ],
    hasNot: [OK, rules('-A -t 10.0.1.255:80'), rules('-A -t 10.0.2.0:80', '-a -t 10.0.2.0:80 -r 10.1.2.255 -m')],
  },
  {
    hazard: 'not-a-host',
    whoAnswers,
    has: [
      rules('-A -t 10.0.0.101:80', '-a -t 10.0.0.101:80 -r 127.0.0.1 -m'),
      rules('-A -t 10.0.0.101:80', '-a -t 10.0.0.101:80 -r 224.0.0.5 -g'),
      rules('-A -t 10.0.0.101:80', '--add-laddr -z 127.0.0.1 -t 10.0.0.101:80'),
    ],
    hasNot: ['127.0.0.1 -g', '127.0.0.1 -i', '127.9.9.9 -g'].map(local =>
      rules('-A -t 10.0.0.101:80', `-a -t 10.0.0.101:80 -r ${local}`),
    ),
  },
  {
    hazard: 'director-as-gateway',
    has: [
      ...['-g', '-i'].map(how => rules(...OK, '-A -t 10.0.0.101:80', `-a -t 10.0.0.101:80 ${A} ${how}`)),
      at(2, '-A -t 10.0.0.101:80', `-a -t 10.0.0.101:80 ${A} -g`, ...OK),
      rules(...OK, '-A -f 1', '-a -f 1 -r 10.0.1.1 -g'),
      // Found among several, of the same VIP and of another.
      rules(
        ...OK,
        '-A -u 10.0.0.100:81',
        `-a -u 10.0.0.100:81 ${A} -m`,
        '-A -u 10.0.0.101:81',
        `-a -u 10.0.0.101:81 ${A} -m`,
        '-A -u 10.0.0.100:82',
        `-a -u 10.0.0.100:82 ${A} -g`,
      ),
      at(2, '-A -f 1', '-a -f 1 -r 10.0.1.1 -g', ...OK),
      // Info: of the first one.
      at(2, `-A ${S}`, `-a ${S} ${A} -g`, `-a ${S} ${B} -i`),
    ],
    hasNot: [OK, rules(`-A ${S}`, `--add-laddr -z 10.0.2.1 ${S}`, `-a ${S} ${A} -b`, `-a ${S} ${B} -m`)],
  },
  {
    hazard: 'mixed-methods',
    has: ['-m', '-b'].flatMap(through =>
      ['-g', '-i'].flatMap(past => [
        rules(`-A ${S}`, `-a ${S} ${A} ${through}`, '-A -u 10.0.0.100:443', `-a -u 10.0.0.100:443 -r 10.0.1.1 ${past}`),
        rules(`-A ${S}`, `-a ${S} ${A} ${past}`, '-A -t 10.0.0.100:443', `-a -t 10.0.0.100:443 -r 10.0.1.1 ${through}`),
      ]),
    ),
    hasNot: [
      ...['-m -b', '-b -m', '-g -i', '-i -g', '-m -m', '-i -i'].map(pair => {
        const [one = '', other = ''] = pair.split(' ')
        return rules(
          `-A ${S}`,
          `-a ${S} ${A} ${one}`,
          '-A -t 10.0.0.100:443',
          `-a -t 10.0.0.100:443 -r 10.0.1.1 ${other}`,
        )
      }),
      rules(...OK, '-A -t 10.0.0.100:443', '-a -t 10.0.0.100:443 -r 10.0.1.1 -m'),
      rules(...OK, '-A -t 10.0.0.101:443', '-a -t 10.0.0.101:443 -r 10.0.1.1 -g'),
    ],
  },
  {
    hazard: 'no-local-address',
    has: [at(1, `-A ${S}`, `-a ${S} ${A} -b`)],
    hasNot: [rules(`-A ${S}`, `--add-laddr -z 10.0.2.1 ${S}`, `-a ${S} ${A} -b`), OK],
  },
  {
    hazard: 'few-local-addresses',
    has: [
      rules(`-A ${S}`, `--add-laddr -z 10.0.2.1 ${S}`, `--add-laddr -z 10.0.2.2 ${S}`, `-a ${S} ${A} -b -x 120001`),
      at(1, `-A ${S}`, `--add-laddr -z 10.0.2.1 ${S}`, `-a ${S} ${A} -b`),
    ],
    hasNot: [
      rules(`-A ${S}`, `--add-laddr -z 10.0.2.1 ${S}`, `--add-laddr -z 10.0.2.2 ${S}`, `-a ${S} ${A} -b -x 120000`),
      rules(...OK, `--add-laddr -z 10.0.2.1 ${S}`),
    ],
  },
  {
    hazard: 'local-address-unused',
    has: [rules(...OK, `--add-laddr -z 10.0.2.1 ${S}`)],
    hasNot: [rules(`-A ${S}`, `--add-laddr -z 10.0.2.1 ${S}`, `-a ${S} ${A} -b`)],
  },
  {
    hazard: 'client-address-unused',
    has: [at(1, `-A ${S} --toa`, `-a ${S} ${A} -m`), rules(`-A ${S} --proxy-protocol v1`)],
    hasNot: [rules(`-A ${S} --toa`, `-a ${S} ${A} -b`), OK],
  },
  {
    hazard: 'client-address-mixed',
    has: [at(1, `-A ${S} --proxy-protocol v2`, `-a ${S} ${A} -b`, `-a ${S} ${B} -m`)],
    hasNot: [
      rules(`-A ${S} --proxy-protocol v2`, `-a ${S} ${A} -b`),
      rules(`-A ${S}`, `-a ${S} ${A} -b`, `-a ${S} ${B} -m`),
    ],
  },
]

for (const [hazard, vip] of [
  ['vip-unheld', '10.0.0.104'],
  ['vip-held-twice', '10.0.0.103'],
] as const) {
  const others = ['101', '102', '103', '104'].filter(last => !vip.endsWith(last))
  CASES.push({
    hazard,
    whoAnswers,
    has: [rules(`-A -t ${vip}:80`), at(2, '-A -f 1', `-A -t ${vip}:80`, `-A -t ${vip}:443`, `-A -u ${vip}:80`)],
    hasNot: [...others.map(last => rules(`-A -t 10.0.0.${last}:80`)), rules('-A -f 7', '-A -t 0.0.0.0:80')],
  })
  CASES.push({ hazard, has: [], hasNot: [rules(`-A -t ${vip}:80`)] })
}

const MH = `-A ${S} -s mh`
CASES.push(
  {
    hazard: 'fleet-choice',
    isFleet: true,
    has: [rules(`-A ${S} -s rr`), rules('-A -f 7 -s dh'), rules('-A -u 10.0.0.100:53 -s wlc')],
    hasNot: [rules(MH), rules(`-A ${S} -s sh`)],
  },
  {
    hazard: 'fleet-sloppy-tcp',
    isFleet: true,
    has: [at(1, MH, `-a ${S} ${A} -g`), at(1, '-A -f 7 -s sh', `-a -f 7 ${A} -i`)],
    hasNot: [OK, rules(MH), rules('-A -u 10.0.0.100:53 -s mh', `-a -u 10.0.0.100:53 ${A} -g`)],
  },
  {
    hazard: 'fleet-translated',
    isFleet: true,
    has: [OK, rules(MH, `--add-laddr -z 10.0.2.1 ${S}`, `-a ${S} ${A} -b`)],
    hasNot: [rules(MH, `-a ${S} ${A} -g`), rules(MH, `-a ${S} ${A} -i`)],
  },
  {
    hazard: 'fleet-persistence',
    isFleet: true,
    has: [rules(`${MH} -p`), rules(`${MH} -p -M 255.255.255.0`)],
    hasNot: [rules(MH), rules(`-A ${S} -s rr -p`)],
  },
  ...['fleet-choice', 'fleet-sloppy-tcp', 'fleet-translated', 'fleet-persistence'].map(hazard => ({
    hazard,
    has: [],
    hasNot: [OK, rules(`${MH} -p`, `-a ${S} ${A} -g`)],
  })),
  {
    hazard: 'announce-mark',
    areAnnounced: true,
    has: [rules('-A -f 1 -s rr'), at(2, MH, '-A -f 1 -s mh', `-a -f 1 ${A} -g`)],
    hasNot: [OK, rules('-A -f 1 -6 -s rr')],
  },
  { hazard: 'announce-mark', has: [], hasNot: [rules('-A -f 1 -s rr')] },
)

const mine: Scheduler = { name: 'mine', bind: () => ({ schedule: () => undefined }) }

type Surroundings = Pick<Case, 'whoAnswers' | 'isFleet' | 'areAnnounced'>

/** Of a director with an address, a mark and a scheduler of its own. */
async function findings(lines: readonly string[], { whoAnswers, ...around }: Surroundings = {}): Promise<Finding[]> {
  const director = new Director({
    links: [{ name: 'a', mac: { hi: 0, lo: 0 }, mtu: 1500 }],
    egress: { transmit: () => false },
    addresses: ['10.0.0.1/24@a'],
    maxConnections: 1,
    seed: 1,
    now: 0,
    schedulers: [mine],
  })
  const reader = new RuleSetReader(fakeNames(), director, [parseCidr('10.0.0.1/24')!], whoAnswers)
  for (const [i, line] of lines.entries()) await reader.read({ line: i + 1, words: line.split(' ') })
  return [...reader.findings, ...findHazards(reader.ruleSet(new Set([1]), around))]
}

/** 'hazard line' of what is found. */
async function found(lines: readonly string[], around?: Surroundings): Promise<string[]> {
  const all = await findings(lines, around)
  for (const { message, line } of all) t.match(message, /^[ -~…]{10,400}$/, `line ${line}: ${message}`)
  return all.map(({ hazard, line }) => `${hazard} ${line}`)
}

t.test('each hazard is found where it is, and only there', async t => {
  for (const { hazard, has, hasNot, ...around } of CASES) {
    for (const given of has) {
      const [first] = given
      const [line, ...lines] = Array.isArray(first) ? first : [given.length, ...(given as string[])]
      t.ok((await found(lines, around)).includes(`${hazard} ${line}`), `${hazard}: ${lines.join(' | ')}`)
    }
    for (const lines of hasNot) {
      const hazards = (await found(lines as string[], around)).map(text => text.split(' ')[0])
      t.notOk(hazards.includes(hazard), `not ${hazard}: ${lines.join(' | ')}`)
    }
  }
})

t.test('every hazard has such a test', t => {
  t.strictSame(HAZARD_NAMES, [...new Set(CASES.map(({ hazard }) => hazard))].toSorted())
  t.end()
})

t.test('docs/lint.md has a row for each, and none besides', t => {
  const doc = readFileSync(join(ROOT, 'docs/lint.md'), 'utf8')
  const rows = [...doc.matchAll(/^\| `([a-z0-9-]+)` +\| (.+) \| (.+) \|$/gm)]
  t.strictSame(rows.map(([, name]) => name).toSorted(), HAZARD_NAMES)
  for (const [, name = '', why = '', instead = ''] of rows)
    t.ok(why.trim().length > 20 && instead.trim().length > 5, name)
  t.end()
})

t.test('rules that are as they should be are not spoken of', async t => {
  t.strictSame(await found(OK), [])
  const more = [
    '-A -u 10.0.0.100:53 -s wlc',
    '-a -u 10.0.0.100:53 -r 10.0.1.1 -m',
    '-A -f 1',
    '-a -f 1 -r 10.0.1.1:0 -m',
  ]
  t.strictSame(await found([...OK, ...more]), [])
})

t.test('what follows of a service that could not be made is not worth a word', async t => {
  t.strictSame(await found([`-A ${S} -s nosuch`, `-a ${S} ${A} -m`, `-a ${S} ${B} -m`]), ['refused 1'])
})

/** The message of a hazard's first finding. */
async function message(hazard: string, ...lines: string[]): Promise<string | undefined> {
  return (await findings(lines)).find(each => each.hazard === hazard)?.message
}

t.test('what a local address is good for follows from the timeouts in force', async t => {
  const paces: [service: string, set: string | undefined, pace: RegExp][] = [
    ['-t 10.0.0.100:80', undefined, / 500 new ones a second \(a port is held for 120 s of TIME_WAIT\);/],
    ['-t 10.0.0.100:80', '--set 60 30 10', / 500 new ones a second /],
    ['-u 10.0.0.100:53', undefined, / 200 new ones a second \(a port is held for 300 s after the last datagram\);/],
    ['-u 10.0.0.100:53', '--set 0 0 30', / 2000 new ones a second \(a port is held for 30 s /],
    ['-u 10.0.0.100:53', '--set 900 120 0', / 200 new ones a second /],
    ['--sctp-service 10.0.0.100:80', undefined, / 983 new ones a second \(a port is held for 61 s of CLOSED\);/],
    ['-f 1', undefined, / 500 new ones .* or 200 new ones /],
  ]
  for (const [service, set, pace] of paces) {
    const lines = [
      `-A ${service}`,
      `--add-laddr -z 10.0.2.1 ${service}`,
      `-a ${service} ${A} -b`,
      ...(set ? [set] : []),
    ]
    t.match(await message('few-local-addresses', ...lines), pace, `${service} ${set}`)
  }
})

t.test('so does what thresholds are good for, by protocol and method', async t => {
  const paces: [service: string, how: string, set: string | undefined, pace: RegExp][] = [
    [
      '-t 10.0.0.100:80',
      '-m',
      '--set 0 60 0',
      /with 1200 .* \(each counts for 120 s of TIME_WAIT: about 10 new ones a second/,
    ],
    ['-t 10.0.0.100:80', '-g', undefined, / \(each counts for 120 s of FIN_WAIT: about 10 /],
    ['-t 10.0.0.100:80', '-i', '--set 0 60 0', / \(each counts for 60 s of FIN_WAIT: about 20 /],
    ['-u 10.0.0.100:53', '-m', undefined, / \(each counts for 300 s after the last datagram: about 4 /],
    ['-u 10.0.0.100:53 -o', '-g', undefined, /with 1200 connections in all further/],
  ]
  for (const [service, how, set, pace] of paces) {
    const key = service.replace(' -o', '')
    const lines = [`-A ${service}`, `-a ${key} ${A} ${how} -x 1200`, ...(set ? [set] : [])]
    t.match(await message('threshold-capacity', ...lines), pace, `${service} ${how} ${set}`)
  }
})

t.test('what an edit does is said of those that do it', async t => {
  t.match(await message('edit-line', ...OK, `-E ${S} -s rr`), /^-E .* resets what it does not give/)
  t.match(await message('edit-line', ...OK, '-Z'), /^-Z in a rules file changes what other lines made;/)
  t.match(await message('edit-line', ...OK, '--set 0 0 30'), /^--set .* the timeouts of all connections/)
})

t.test('a local node is no mistake where the host is not known', async t => {
  const found = await findings([`-A ${S}`, `-a ${S} -r 127.0.0.1 -g`])
  const local = found.filter(({ hazard }) => hazard === 'not-a-host')
  t.match(local, [
    { line: 2, severity: 'info', message: /^127\.0\.0\.1 is the director's own host: .* beside a kernel/ },
  ])
  t.equal(local.length, 1)
})

t.test('a scheduler that nobody knows: what to give lint', async t => {
  t.match(await message('refused', `-A ${S} -s nosuch`), /-s nosuch is no built-in scheduler; .* --scheduler FILE/)
  t.match(await message('refused', ...OK, `-E ${S} -s nosuch`), /-s nosuch is no built-in scheduler/)
})

t.test(
  'a service of 127/8 is reached by nobody, this host neither; one of another such address is not balanced',
  async t => {
    const [own] = await findings(['-A -t 127.0.0.1:80', '-a -t 127.0.0.1:80 -r 10.0.0.9 -m'])
    t.match(own, {
      hazard: 'not-a-host',
      message: /127\.0\.0\.1:80 is kept and listed, but reached by nobody: beside a kernel/,
    })
    const [group] = await findings(['-A -t 224.0.0.5:80', '-a -t 224.0.0.5:80 -r 10.0.0.9 -m'])
    t.match(group, { hazard: 'not-a-host', message: /but claimed by nobody, and no packet is balanced/ })
  },
)
