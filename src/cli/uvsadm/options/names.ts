import { lookup, Resolver } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import type { Protocol } from '../../../control/protocol/api.js'

/** Maps addresses and ports to names and back. undefined: there is none. */
export interface Names {
  portNumber(name: string, protocol: Protocol): number | undefined
  portName(port: number, protocol: Protocol): string | undefined
  /** The IPv4 address of a host. */
  addressOf(host: string): Promise<string | undefined>
  /** The names of those addresses that have one. The total time is bounded. */
  hostsOf(addresses: Iterable<string>): Promise<Map<string, string>>
}

/** A listing without -n waits at most this many ms for reverse lookups, then prints the rest as numbers. */
const REVERSE_BOUND_MS = 2000
const LOOKUPS_AT_ONCE = 32

/** The entries of Debian's /etc/services that load balancers use, for hosts without that file (node:20-slim). */
const BUILT_IN_SERVICES = `
ftp-data 20/tcp
ftp 21/tcp
ssh 22/tcp
telnet 23/tcp
smtp 25/tcp mail
domain 53/tcp
domain 53/udp
tftp 69/udp
http 80/tcp www
kerberos 88/tcp kerberos5 krb5 kerberos-sec
kerberos 88/udp kerberos5 krb5 kerberos-sec
pop3 110/tcp pop-3
ntp 123/udp
imap2 143/tcp imap
snmp 161/tcp
snmp 161/udp
ldap 389/tcp
ldap 389/udp
https 443/tcp
https 443/udp
submissions 465/tcp ssmtp smtps urd
syslog 514/udp
submission 587/tcp
ldaps 636/tcp
ldaps 636/udp
imaps 993/tcp
pop3s 995/tcp
openvpn 1194/udp
ms-sql-s 1433/tcp
radius 1812/udp
nfs 2049/tcp
nfs 2049/udp
mysql 3306/tcp
ms-wbt-server 3389/tcp
sip 5060/tcp
sip 5060/udp
sip-tls 5061/tcp
sip-tls 5061/udp
mdns 5353/udp
postgresql 5432/tcp postgres
amqp 5672/tcp
http-alt 8080/tcp webcache
`

/** `services` in the form of /etc/services. */
export function parseServices(services: string): Pick<Names, 'portNumber' | 'portName'> {
  const numbers = new Map<string, number>()
  const names = new Map<string, string>()
  for (const line of services.split('\n')) {
    const [, name, port, protocol, aliases = ''] = /^([^\s#]+)\s+(\d+)\/(\w+)([^#]*)/.exec(line) ?? []
    if (!name || !port || !protocol) continue
    if (!names.has(`${port}/${protocol}`)) names.set(`${port}/${protocol}`, name)
    for (const known of [name, ...aliases.split(/\s+/).filter(Boolean)]) {
      if (!numbers.has(`${known}/${protocol}`)) numbers.set(`${known}/${protocol}`, Number(port))
    }
  }
  return {
    portNumber: (name, protocol) => numbers.get(`${name}/${protocol}`),
    portName: (port, protocol) => names.get(`${port}/${protocol}`),
  }
}

export const builtInServices = parseServices(BUILT_IN_SERVICES)

/** Limited by the system resolver's own timeout, as for ipvsadm. */
async function addressOf(host: string): Promise<string | undefined> {
  if (host.includes('\0')) return undefined // the resolver would stop reading there
  return lookup(host, { family: 4 }).then(
    answer => answer.address,
    () => undefined, // no such host, or no resolver: the caller says which address is illegal
  )
}

/** Address → its first name, from text in the form of /etc/hosts. */
export function parseHosts(hosts: string): Map<string, string> {
  const names = new Map<string, string>()
  for (const line of hosts.split('\n')) {
    const [address = '', name] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (name && !names.has(address)) names.set(address, name)
  }
  return names
}

async function hostsOf(addresses: Iterable<string>): Promise<Map<string, string>> {
  const listed = parseHosts(readOr('/etc/hosts', ''))
  const wanted = [...new Set(addresses)]
  const found = await askDns(wanted.filter(address => !listed.has(address)))
  return new Map([...listed, ...found])
}

/**
 * Looks up by c-ares: getnameinfo would block a thread that Node waits for when it exits, so a dead name server would delay
 * a listing by 10 s despite the limit (measured). `servers`: name servers to use instead of the system's.
 */
export async function askDns(waiting: string[], servers?: string[]): Promise<Map<string, string>> {
  const hosts = new Map<string, string>()
  const resolver = new Resolver({ timeout: REVERSE_BOUND_MS / 2, tries: 1 })
  if (servers) resolver.setServers(servers)
  const bound = setTimeout(() => {
    waiting.length = 0
    resolver.cancel()
  }, REVERSE_BOUND_MS)
  const work = async (): Promise<void> => {
    for (let address = waiting.pop(); address !== undefined; address = waiting.pop()) {
      const [host] = await resolver.reverse(address).catch(() => []) // most addresses have no name
      if (host) hosts.set(address, host)
    }
  }
  await Promise.all(Array.from({ length: LOOKUPS_AT_ONCE }, work))
  clearTimeout(bound)
  return hosts
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return otherwise // normal on a minimal system
  }
}

/** The names known to this host. The file is read at first use. */
export function systemNames(servicesPath = '/etc/services'): Names {
  let read: ReturnType<typeof parseServices> | undefined
  const services = (): ReturnType<typeof parseServices> =>
    (read ??= parseServices(readOr(servicesPath, BUILT_IN_SERVICES)))
  return {
    portNumber: (name, protocol) => services().portNumber(name, protocol),
    portName: (port, protocol) => services().portName(port, protocol),
    addressOf,
    hostsOf,
  }
}
