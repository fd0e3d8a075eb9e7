/* A configuration around a line, so that the line stands in its block and everything else is in order. */

const SECURE = 'global_defs {\nenable_script_security\nscript_user root\n}\n'

const instance = (name: string, vrid: number, line: string): string =>
  `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id ${vrid}\nvirtual_ipaddress {\n10.0.0.${vrid}\n}\n${line}\n}\n`

const server = (line: string, inReal: string): string =>
  `virtual_server 10.1.1.1 80 {\nprotocol TCP\nlb_algo rr\nlb_kind NAT\n${line}\nreal_server 10.1.2.1 80 {\n${inReal}\n}\n}\n`

const plain = instance('V', 5, '')
const checker =
  (kind: string, first = '') =>
  (line: string) =>
    server('', `${kind} {\n${first}${line}\n}`)

/** By the block's name, as `keywordList` has it. */
export const CONTEXTS: Record<string, (line: string) => string> = {
  top: line => `${line}\n${plain}`,
  global_defs: line => `global_defs {\nenable_script_security\nscript_user root\n${line}\n}\n${plain}`,
  vrrp_instance: line => SECURE + instance('V', 5, line),
  authentication: line => instance('V', 5, `authentication {\n${line}\n}`),
  vrrp_script: line => `${SECURE}vrrp_script c {\nscript /bin/true\n${line}\n}\n${plain}`,
  track_file: line => `track_file f {\nfile /tmp/x\n${line}\n}\n${plain}`,
  vrrp_track_process: line => `vrrp_track_process p {\nprocess a\n${line}\n}\n${plain}`,
  bfd_instance: line => `bfd_instance b {\nneighbor_ip 10.0.0.7\n${line}\n}\n${plain}`,
  vrrp_sync_group: line =>
    `${SECURE}vrrp_sync_group G {\ngroup {\nV\nW\n}\n${line}\n}\n${plain}${instance('W', 6, '')}`,
  garp_group: line => `garp_group {\ngarp_interval 1\n${line}\n}\n${plain}`,
  track_group: line => `track_group G {\n${line}\n}\n${plain}`,
  virtual_server: line => SECURE + server(line, 'TCP_CHECK {\n}'),
  real_server: line => SECURE + server('', `${line}\nTCP_CHECK {\n}`),
  url: line => server('', `HTTP_GET {\nurl {\npath /\n${line}\n}\n}`),
  SSL: line => `SSL {\n${line}\n}\n${server('', '')}`,
  HTTP_GET: checker('HTTP_GET', 'url {\npath /\n}\n'),
  SSL_GET: checker('SSL_GET', 'url {\npath /\n}\n'),
  TCP_CHECK: checker('TCP_CHECK'),
  PING_CHECK: checker('PING_CHECK'),
  DNS_CHECK: checker('DNS_CHECK'),
  SMTP_CHECK: checker('SMTP_CHECK'),
  host: line => server('', `SMTP_CHECK {\nhost {\n${line}\n}\n}`),
  UDP_CHECK: checker('UDP_CHECK'),
  MISC_CHECK: line => SECURE + checker('MISC_CHECK', 'misc_path /bin/true\n')(line),
  FILE_CHECK: line => `track_file tf {\nfile /tmp/x\n}\n${checker('FILE_CHECK', 'track_file tf\n')(line)}`,
  BFD_CHECK: line => `bfd_instance b {\nneighbor_ip 10.0.0.7\n}\n${checker('BFD_CHECK', 'name b\n')(line)}`,
}

/** Behind a keyword: nothing, numbers within and out of ranges, words of kinds, a block. */
export const VALUES = [
  '', 'x', '-1', '0', '1', '7', '1.5', '256', '99999999999', 'eth0', 'nosuch0', '10.0.0.1', '2001:db8::1', '224.0.0.5', '/bin/true', '/nosuch/x', 'on',
  'off', 'maybe', '1 2', '""', '"a b"', 'MASTER', 'TCP', 'DR', 'TUN type gre', 'wrr', '1 reverse', '1 foo', '10.0.0.1 80', '{\n}', '{\neth0\n}',
] // prettier-ignore
