import type { Host, Ran } from '../../src/realserver/host.js'

interface Link {
  up: boolean
  kind: 'loopback' | 'ether' | 'ipip'
  addresses: string[]
}

/** A host of whom only `ip`, `modprobe` and sysctls are known. Notes what changes it. */
export class FakeHost implements Host {
  readonly links = new Map<string, Link>()
  readonly sysctls = new Map<string, string>()
  /** `ip …`, `modprobe …` and `name=value`, in order, without what only looks. */
  readonly done: string[] = []
  /** Where ipip comes from: modprobe, `ip link add` alone, or nowhere. */
  ipip: 'module' | 'link' | 'none' = 'none'
  /** A command or assignment that is refused. */
  refuses = ''

  constructor() {
    this.addLink('lo', { up: true, kind: 'loopback', addresses: ['127.0.0.1/8'] })
    this.addLink('eth0', { up: true, kind: 'ether', addresses: ['192.168.159.32/24'] })
    this.addSysctls('all')
  }

  addLink(name: string, link: Link): void {
    this.links.set(name, link)
    this.addSysctls(name)
  }
  addSysctls(name: string): void {
    for (const knob of ['arp_ignore', 'arp_announce', 'rp_filter'])
      this.sysctls.set(`net/ipv4/conf/${name}/${knob}`, '0')
  }

  /** All that a real server could have changed. */
  whole(): unknown {
    return structuredClone([this.links, this.sysctls])
  }

  run(program: string, args: readonly string[]): Ran {
    const line = [program, ...args].join(' ')
    const looks = args.includes('show')
    if (!looks) this.done.push(line)
    if (this.refuses !== '' && line.startsWith(this.refuses))
      return ended(2, 'RTNETLINK answers: Operation not permitted\n')
    if (program === 'modprobe') return this.#modprobe(args)
    const words = args.filter(word => !word.startsWith('-'))
    return words[0] === 'link' ? this.#link(words) : this.#address(words)
  }

  sysctl(name: string): string | undefined {
    return this.sysctls.get(name)
  }
  setSysctl(name: string, value: string): void {
    this.done.push(`${name}=${value}`)
    if (this.refuses === `${name}=${value}`) throw new Error(`sysctl ${name}=${value}: EROFS`)
    this.sysctls.set(name, value)
  }
  interfaces(): string[] {
    return ['eth0']
  }
  clearIngress(interfaces: readonly string[]): Promise<void> {
    this.done.push(`clear ${interfaces.join()}`)
    return Promise.resolve()
  }

  #modprobe(args: readonly string[]): Ran {
    if (this.ipip !== 'module') return ended(1, 'modprobe: FATAL: Module ipip not found\n')
    if (args[0] === '-r') this.links.delete('tunl0')
    else this.addLink('tunl0', { up: false, kind: 'ipip', addresses: [] })
    if (args[0] === '-r')
      for (const name of this.sysctls.keys()) if (name.includes('/tunl0/')) this.sysctls.delete(name)
    return ended(0)
  }

  #link([, verb, ...rest]: string[]): Ran {
    const name = rest[1]!
    if (verb === 'add') {
      if (this.ipip !== 'link') return ended(2, 'Error: Unknown device type.\n')
      this.addLink(name, { up: false, kind: 'ipip', addresses: [] })
      return ended(0)
    }
    const link = this.links.get(name)
    if (!link) return ended(1, `Device "${name}" does not exist.\n`)
    if (verb === 'set') link.up = rest[2] === 'up'
    if (verb === 'del') {
      this.links.delete(name)
      for (const knob of this.sysctls.keys()) if (knob.includes(`/${name}/`)) this.sysctls.delete(knob)
    }
    return ended(0, '', `1: ${name}: <${link.up ? 'UP,LOWER_UP' : 'NOARP'}> mtu 1500\\    link/${link.kind} 00\n`)
  }

  #address([, verb, ...rest]: string[]): Ran {
    if (verb === 'show') return ended(0, '', this.#addresses(rest[1]))
    const [cidr, , device] = rest
    const link = this.links.get(device!)
    const at = link?.addresses.indexOf(cidr!) ?? -1
    if (verb === 'add' && at >= 0) return ended(2, 'RTNETLINK answers: File exists\n')
    if (verb === 'del' && at < 0) return ended(2, 'RTNETLINK answers: Cannot assign requested address\n')
    if (verb === 'add') link?.addresses.push(cidr!)
    else link?.addresses.splice(at, 1)
    return ended(0)
  }

  #addresses(device: string | undefined): string {
    const lines = [...this.links].flatMap(([name, { addresses }]) =>
      device === undefined || device === name
        ? addresses.map(cidr => `1: ${name}    inet ${cidr} scope host ${name}\\`)
        : [],
    )
    return lines.map(line => `${line}\n`).join('')
  }
}

function ended(status: number, err = '', out = ''): Ran {
  return { status, out, err }
}
