import { Dice } from '../live/dice.js'
import { IPV4, IPV6, NUMBERS, ODD_IPV4, ODD_IPV6, ODD_NUMBERS, ODD_PORTS, PORTS, SCHEDULERS } from './words.js'

/** Arguments of one call of ipvsadm. */
export type Line = readonly string[]

/** How many lines one transcript has, all on the same rules. */
const LINES = 40

/** A transcript of lines drawn from a seed. */
export function generateLines(seed: number, index: number): Line[] {
  const dice = new Dice((seed ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0)
  const words = new Vocabulary(dice)
  return Array.from({ length: LINES }, () => words.line())
}

/** With -a and -e, -b is not ipvsadm's. */
function isFullnat([command = '', ...words]: Line): boolean {
  return /^(-[ae]|--(add|edit)-server)/.test(command) && words.some(word => /^-[^-]*b|^--sched-flags/.test(word))
}

/**
 * ipvsadm's comparison of services goes round in a circle where they lie too far apart, so that the result depends on the
 * order they had before: the kernel's, which is another with each boot. Of real servers that order is known.
 */
const FAR_APART = /127\.|localhost|8000|7fff|214748364/

class Vocabulary {
  readonly #dice: Dice
  /** So that the same ones come again. */
  readonly #services: string[][] = []
  readonly #servers: string[] = []
  /** How many of a hundred values are odd: some transcripts make rules, some make mistakes. */
  readonly #oddPercent: number

  constructor(dice: Dice) {
    this.#dice = dice
    this.#oddPercent = dice.pick([3, 10, 40])
  }

  line(): Line {
    const dice = this.#dice
    const words = this.#command()
    if (dice.chance(8)) words.splice(dice.between(0, words.length), 0, ...this.#anything())
    if (dice.chance(3)) words.splice(dice.below(words.length), 1)
    if (dice.chance(2)) words.push('--', ...this.#anything())
    if (dice.chance(2)) words.reverse()
    return isFullnat(words) ? ['-Ln'] : words
  }

  #command(): string[] {
    return this.#dice.weighted<() => string[]>([
      [20, () => [this.#flag('-A', '--add-service'), ...this.#service(), ...this.#serviceOptions()]],
      [7, () => [this.#flag('-E', '--edit-service'), ...this.#service(), ...this.#serviceOptions()]],
      [4, () => [this.#flag('-D', '--delete-service'), ...this.#service()]],
      [22, () => [this.#flag('-a', '--add-server'), ...this.#service(), ...this.#server(), ...this.#serverOptions()]],
      [8, () => [this.#flag('-e', '--edit-server'), ...this.#service(), ...this.#server(), ...this.#serverOptions()]],
      [5, () => [this.#flag('-d', '--delete-server'), ...this.#service(), ...this.#server()]],
      [18, () => this.#list()],
      [7, () => this.#dice.pick([['-S'], ['-Sn'], ['-S', '-n'], ['--save', '--numeric'], ['-nS']])],
      [2, () => [this.#flag('-Z', '--zero'), ...(this.#dice.chance(70) ? this.#service() : [])]],
      [1, () => [this.#flag('-C', '--clear')]],
      [3, () => ['--set', this.#number(), this.#number(), this.#number()]],
      [2, () => this.#daemon()],
      [2, () => this.#anything()],
    ])()
  }

  #service(): string[] {
    const dice = this.#dice
    if (this.#services.length > 0 && dice.chance(70)) return [...dice.pick(this.#services)]
    let words: string[]
    do words = dice.chance(25) ? this.#mark() : this.#addressed()
    while (FAR_APART.test(words.join(' ')))
    if (dice.chance(80)) this.#services.push(words)
    return [...words]
  }
  #mark(): string[] {
    const mark = this.#dice.chance(80) ? this.#dice.pick(['1', '2', '300', '2147483648', '4294967295']) : this.#number()
    const words = this.#valued(mark, '-f', '--fwmark-service')
    return this.#dice.chance(35) ? [...words, this.#flag('-6', '--ipv6')] : words
  }
  #addressed(): string[] {
    const flags = this.#dice.weighted([
      [5, ['-t', '--tcp-service']],
      [3, ['-u', '--udp-service']],
      [1, ['--sctp-service']],
    ])
    return this.#valued(this.#endpoint(), ...flags)
  }

  #server(): string[] {
    const dice = this.#dice
    const known = this.#servers.length > 0 && dice.chance(50)
    const text = known ? dice.pick(this.#servers) : this.#endpoint()
    if (!known) this.#servers.push(text)
    return this.#valued(text, '-r', '--real-server')
  }
  #endpoint(): string {
    const dice = this.#dice
    const port = this.#odd(PORTS, ODD_PORTS)
    if (dice.chance(65)) {
      const host = dice.weighted([
        [6, () => dice.pick(IPV4)],
        [3, () => this.#anyIpv4()],
        [1, () => dice.pick(ODD_IPV4)],
      ])()
      return dice.chance(12) ? host : `${host}:${port}`
    }
    const host = dice.weighted([
      [6, () => dice.pick(IPV6)],
      [3, () => this.#anyIpv6()],
      [1, () => dice.pick(ODD_IPV6)],
    ])()
    return dice.weighted([
      [20, `[${host}]:${port}`],
      [1, `[${host}]`],
      [1, host],
      [1, `${host}:${port}`],
      [1, `[${host}:${port}`],
      [1, `[${host}]${port}`],
    ])
  }
  /** Far apart, so that what compares them is seen. */
  #anyIpv4(): string {
    return [0, 0, 0, 0].map(() => this.#dice.pick([0, 1, 10, 127, 128, 200, 255])).join('.')
  }
  #anyIpv6(): string {
    const part = () => this.#dice.pick(['0', '1', '7fff', '8000', 'ffff', 'fe80', '2001'])
    return Array.from({ length: 8 }, part).join(':')
  }

  #serviceOptions(): string[] {
    return this.#some([
      [
        60,
        () =>
          this.#valued(
            this.#odd(SCHEDULERS, ['', 'nosuch', 'RR', 'rr ', 'none', 'wlcwlcwlcwlcwlcwlc']),
            '-s',
            '--scheduler',
          ),
      ],
      [30, () => this.#persistent()],
      [15, () => this.#valued(this.#mask(), '-M', '--netmask')],
      [8, () => [this.#flag('-o', '--ops')]],
      [8, () => this.#valued(this.#odd(['sip'], ['', 'SIP', 'nosuch']), '--pe')],
      [12, () => this.#valued(this.#flags(), '-b', '--sched-flags')],
    ])
  }
  #persistent(): string[] {
    const seconds = this.#odd(['1', '60', '360', '2678400'], ['2678401', ...ODD_NUMBERS, '0'])
    return this.#dice.chance(40) ? [this.#flag('-p', '--persistent')] : this.#valued(seconds, '-p', '--persistent')
  }
  #mask(): string {
    return this.#odd(
      ['255.255.255.0', '255.0.255.0', '24', '64', '128', '1', '32', '0.0.0.0', '255.255.255.255'],
      [...ODD_NUMBERS, '129', '::', 'web', '0'],
    )
  }
  #flags(): string {
    const flag = () =>
      this.#odd(
        ['sh-port', 'sh-fallback', 'mh-port', 'mh-fallback', 'flag-1', 'flag-2', 'flag-3'],
        ['', 'nosuch', 'SH-PORT'],
      )
    return Array.from({ length: this.#dice.between(1, 3) }, flag)
      .join(',')
      .replace(/^,*$/, 'flag-1') // of an empty list ipvsadm crashes
  }

  #serverOptions(): string[] {
    return this.#some([
      [70, () => [this.#dice.pick(['-m', '-g', '-i', '-i', '--masquerading', '--gatewaying', '--ipip'])]],
      [40, () => this.#valued(this.#number(), '-w', '--weight')],
      [15, () => this.#valued(this.#number(), '-x', '--u-threshold')],
      [10, () => this.#valued(this.#number(), '-y', '--l-threshold')],
      [15, () => this.#valued(this.#odd(['ipip', 'gue', 'gre'], ['', 'GUE', 'gueX']), '--tun-type')],
      [12, () => this.#valued(this.#odd(['6080', '1', '65535'], ['65536', ...ODD_NUMBERS, '0']), '--tun-port')],
      [5, () => ['--tun-csum']],
      [4, () => ['--tun-nocsum']],
      [4, () => ['--tun-remcsum']],
    ])
  }

  #list(): string[] {
    const dice = this.#dice
    const head = dice.weighted([
      [6, ['-Ln']],
      [2, ['-L']],
      [1, ['-l']],
      [1, ['-nL']],
      [1, ['--list', '-n']],
      [1, ['-ln']],
      [1, []],
    ])
    const shown = this.#some([
      [25, () => ['--nosort']],
      [10, () => ['--stats']],
      [8, () => ['--rate']],
      [10, () => ['--thresholds']],
      [10, () => ['--persistent-conn']],
      [12, () => ['--tun-info']],
      [6, () => ['--timeout']],
      [6, () => ['--daemon']],
      [6, () => ['--exact']],
      [5, () => [this.#flag('-c', '--connection')]],
      [3, () => ['--sort']],
      [3, () => [this.#flag('-n', '--numeric')]],
      [2, () => ['--syncid', '5']],
      [15, () => this.#service()],
    ])
    return head.length > 0 ? [...head, ...shown] : []
  }

  #daemon(): string[] {
    const state = this.#odd(['master', 'backup'], ['', 'Master', 'mast', 'both'])
    const words = this.#valued(state, this.#dice.pick(['--start-daemon', '--stop-daemon']))
    return [
      ...words,
      ...this.#some([
        [40, () => ['--mcast-interface', 'nosuch0']],
        [30, () => ['--syncid', this.#odd(['0', '255'], ['256', ...ODD_NUMBERS])]],
        [20, () => ['--sync-maxlen', this.#odd(['1', '65507'], ['0', '65508', ...ODD_NUMBERS])]],
        [
          20,
          () => ['--mcast-group', this.#odd(['224.0.0.81', 'ff02::1', '239.255.255.255'], [...ODD_IPV4, ...ODD_IPV6])],
        ],
        [20, () => ['--mcast-port', this.#odd(['1', '65535'], ['0', '65536', ...ODD_NUMBERS])]],
        [20, () => ['--mcast-ttl', this.#odd(['1', '255'], ['0', '256', ...ODD_NUMBERS])]],
      ]),
    ]
  }

  /** Something from anywhere. */
  #anything(): string[] {
    return this.#dice.weighted<() => string[]>([
      [3, () => this.#serviceOptions()],
      [3, () => this.#serverOptions()],
      [2, () => this.#service()],
      [1, () => this.#server()],
      [2, () => [this.#dice.pick(['-A', '-D', '-L', '-C', '-a', '-d', '-Z', '-S', '--list', '--set', '-E', '-e'])]],
      [1, () => this.#daemon()],
      [1, () => this.#list()],
      [
        2,
        () => [
          this.#dice.pick([
            'extra',
            '-',
            '--',
            '-q',
            '--nosuch',
            '-Q5',
            '--stats=1',
            '-n=1',
            '-An',
            '--add',
            '-tn',
            '',
            '-5',
            '--set=1',
            '-6',
            '--tun-csum',
          ]),
        ],
      ],
    ])()
  }

  /** One spelling of an option and its value. */
  #valued(value: string, ...flags: string[]): string[] {
    const flag = this.#dice.pick(flags)
    const isLong = flag.startsWith('--')
    return this.#dice.weighted<string[]>([
      [12, [flag, value]],
      [3, [`${flag}=${value}`]],
      [isLong ? 0 : 2, [`${flag}${value}`]],
    ])
  }
  #flag(...spellings: string[]): string {
    return this.#dice.weighted(spellings.map((text, at) => [at === 0 ? 3 : 1, text] as const))
  }
  #number(): string {
    return this.#odd(NUMBERS, ODD_NUMBERS)
  }
  #odd(right: readonly string[], odd: readonly string[]): string {
    return this.#dice.pick(this.#dice.chance(this.#oddPercent) ? odd : right)
  }
  /** Each with its chance, then in any order now and then. */
  #some(choices: readonly (readonly [number, () => string[]])[]): string[] {
    const chosen = choices.filter(([percent]) => this.#dice.chance(percent)).map(([, make]) => make())
    return (this.#dice.chance(20) ? chosen.toReversed() : chosen).flat()
  }
}
