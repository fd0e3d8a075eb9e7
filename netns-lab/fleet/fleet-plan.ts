/*
 * Three directors side by side behind a router that shares flows among them, and three real servers, all on one network: topology.txt
 * draws it. The addresses are those of packaging/bird/, whose files BIRD reads here.
 */

export const DIRECTORS = ['d1', 'd2', 'd3'] as const
export type DirectorName = (typeof DIRECTORS)[number]
export const SERVERS = ['rs1', 'rs2', 'rs3'] as const
export type ServerName = (typeof SERVERS)[number]

export const NETWORK_BITS = 24
export const ROUTER = '10.80.0.254'
export const DIRECTOR_ADDRESS: Readonly<Record<DirectorName, string>> = { d1: '10.80.0.11', d2: '10.80.0.12', d3: '10.80.0.13' } // prettier-ignore
/** Each director's own: connections by FULLNAT come to real servers from these. */
const LOCAL_ADDRESS: Readonly<Record<DirectorName, string>> = { d1: '10.80.0.31', d2: '10.80.0.32', d3: '10.80.0.33' }
export const SERVER_ADDRESS: Readonly<Record<ServerName, string>> = { rs1: '10.80.0.21', rs2: '10.80.0.22', rs3: '10.80.0.23' } // prettier-ignore
export const [CLIENT, CLIENTS_ROUTER] = ['203.0.113.10', '203.0.113.1']

/** The services by direct routing, by tunnel and by FULLNAT. */
export const [DIRECT, TUNNELLED, TRANSLATED] = ['192.0.2.1', '192.0.2.3', '192.0.2.2'] as const
export const VIPS = [DIRECT, TUNNELLED, TRANSLATED] as const
export type Vip = (typeof VIPS)[number]
/** Those whose connections mh and --fleet keep, and which are the same on all directors. */
export const KEPT = [DIRECT, TUNNELLED] as const
export const METHOD: Readonly<Record<Vip, string>> = { [DIRECT]: 'DR', [TUNNELLED]: 'TUN', [TRANSLATED]: 'FULLNAT' }
export const PORT = 80

const FLAG: Readonly<Record<Vip, string>> = { [DIRECT]: '-g', [TUNNELLED]: '-i', [TRANSLATED]: '-b' }
const service = (vip: string): string[] => ['-t', `${vip}:${PORT}`]

/** A director's rules, as arguments of uvsadm: mh by addresses and ports, the same weights everywhere. */
export function rules(name: DirectorName): string[][] {
  const servers = Object.values(SERVER_ADDRESS)
  return [
    ...VIPS.map(vip => ['-A', ...service(vip), '-s', 'mh', '-b', 'mh-port']),
    ['--add-laddr', '-z', LOCAL_ADDRESS[name], ...service(TRANSLATED)],
    ...VIPS.flatMap(vip => servers.map(rip => ['-a', ...service(vip), '-r', `${rip}:${PORT}`, FLAG[vip], '-w', '1'])),
  ]
}

/** A change of rules: another weight of a real server, of each service that is the same on all directors. */
export function weightRules(server: ServerName, weight: number): string[][] {
  const rip = `${SERVER_ADDRESS[server]}:${PORT}`
  return KEPT.map(vip => ['-e', ...service(vip), '-r', rip, FLAG[vip], '-w', String(weight)])
}

/** A bird.conf with other values of what it defines at its top. Throws where it defines no such name. */
export function withDefines(conf: string, values: Readonly<Record<string, string>>): string {
  let text = conf
  for (const [name, value] of Object.entries(values)) {
    const line = new RegExp(`^define ${name} = [^;]*;`, 'm')
    if (!line.test(text)) throw new Error(`bird.conf defines no ${name}`)
    text = text.replace(line, `define ${name} = ${value};`)
  }
  return text
}
