import type { RoutingNames, Surroundings } from '../../../src/keepalived/config/surroundings.js'

/** A case of configs.jsonl: a file, others beside it, and what the real `keepalived -t` said. */
export interface RecordedCase {
  readonly name: string
  readonly text: string
  /** Negative: killed by that signal. */
  readonly status: number | 'timeout'
  readonly output: string
  readonly files?: Record<string, string>
  readonly args?: readonly string[]
}

const INTERFACES = ['lo', 'eth0', 'eth1', 'eth2', 'ens33', 'ens192', 'enp0s3']
const PROGRAMS = /^(\/(usr\/)?bin\/)?(true|false|sh|killall|pidof|echo)$/

/** What the recording host's /etc/iproute2 and /etc/protocols say of the names that cases have. */
const NAMES: Partial<Record<RoutingNames, Record<string, number>>> = {
  rt_tables: { main: 254, local: 255, default: 253 },
  rt_scopes: { global: 0, nowhere: 255, host: 254, link: 253, site: 200 },
  rt_protos: { redirect: 1, kernel: 2, boot: 3, static: 4, ra: 9, bird: 12, keepalived: 18 },
  rt_realms: { cosmos: 0 },
  rt_dsfield: { default: 0, AF11: 0x28, CS1: 0x20, EF: 0xb8 },
  group: { default: 0 },
  protocols: { ip: 0, icmp: 1, tcp: 6, TCP: 6, udp: 17, vrrp: 112 },
}

/** The host on which configs.jsonl was recorded, as far as configurations ask for it. */
export function recordedHost(file: string, recorded: Pick<RecordedCase, 'text' | 'files' | 'args'>): Surroundings {
  const files = new Map(Object.entries(recorded.files ?? {}))
  files.set(file, recorded.text)
  const isDirectory = (path: string): boolean =>
    [...files.keys()].some(name => name.startsWith(`${path.replace(/\/$/, '')}/`))
  const idAt = recorded.args?.indexOf('-i') ?? -1
  return {
    configId: idAt < 0 ? 'host' : (recorded.args?.[idAt + 1] ?? 'host'),
    read(path) {
      const text = files.get(path)
      if (text !== undefined) return { kind: 'file', text }
      return { kind: isDirectory(path) ? 'directory' : 'missing' }
    },
    list: directory =>
      [...files.keys()]
        .filter(
          path =>
            path.slice(0, path.lastIndexOf('/') + 1) === (directory === '' ? '' : `${directory.replace(/\/$/, '')}/`),
        )
        .map(path => path.slice(path.lastIndexOf('/') + 1))
        .sort(),
    hasInterface: name => INTERFACES.includes(name),
    isLoopback: name => name === 'lo',
    hasNamespace: () => false,
    hasUser: name => ['root', 'nobody'].includes(name),
    hasGroup: name => ['root', 'nogroup'].includes(name),
    resolves: host => host === 'localhost',
    script: command =>
      PROGRAMS.test(command)
        ? 'runs'
        : command === '/tmp'
          ? 'directory'
          : command === '/etc/passwd'
            ? 'inert'
            : 'missing',
    routingNumber: (names, name) => NAMES[names]?.[name],
    isVrf: () => false,
    cpus: 2,
    random: () => 0.5,
  }
}
