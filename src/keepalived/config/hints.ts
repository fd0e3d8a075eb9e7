/** Words that tutorials have and keepalived does not know, or not there. */
const KNOWN_MISTAKES: Record<string, string> = {
  nat_mask: 'keepalived 2 has no nat_mask: leave the line out',
  lb_lind: 'write lb_kind',
  nb_get_retry: "write retry here: nb_get_retry is HTTP_GET's and SSL_GET's alone",
  connect_port: 'connect_port belongs into the checker, e.g. TCP_CHECK { connect_port 80 }',
  '//': 'comments begin with ! or #',
  vrrp_ipsets: 'this keepalived has no iptables: leave the line out',
  tcp_check: 'write TCP_CHECK: case counts',
  diggest: 'write digest',
  vrrp_strict: 'vrrp_strict belongs into global_defs; in an instance it is strict_mode',
  state: 'it belongs into a vrrp_instance',
  lb_kind: 'in a real_server it is lvs_method',
  lb_algo: 'the scheduler belongs to the virtual_server',
  vrrp_garp_master_delay: 'in an instance it is garp_master_delay',
  instance: 'it stands outside of global_defs',
  use_pid_dir: 'it stands outside of global_defs',
  laddr_group_name: 'a word of DPVS: uvs gives local addresses with `uvsadm -P`',
  establish_timeout: 'a word of DPVS: uvs has `uvs sysctl` for timeouts',
  syn_proxy: 'a word of DPVS, which uvs does not know',
  real_server: 'it belongs into a virtual_server: is a } too many above, or a { missing?',
  virtual_ipaddress: 'it belongs into a vrrp_instance: is a } too many above, or a { missing?',
}

/** U+FEFF, EF BB BF in the file: editors put it there and show nothing. */
const BOM = '\ufeff'

/** What to write instead of an unknown keyword: by the block it stands in and the keywords that are known there. */
export function unknownKeywordHelp(
  words: readonly string[],
  within: readonly string[],
  known: readonly string[],
): string {
  const word = words[0]!
  const place = within.at(-1) ?? 'the top level'
  if (word.startsWith(BOM)) return 'a byte order mark (BOM) stands in front of it: save the file as UTF-8 without BOM'
  if (word.startsWith('\ufffd\ufffd')) return 'it is no UTF-8 (UTF-16?): save the file as UTF-8 without BOM'
  // oxlint-disable-next-line no-control-regex
  if (/[^\u0000-\u007f]/.test(word)) return `it has a character that is no ASCII (a no-break or ideographic space?)`
  const other = known.find(name => name.toLowerCase() === word.toLowerCase())
  if (other !== undefined) return `write ${other}: case counts`
  if (Object.hasOwn(KNOWN_MISTAKES, word)) return KNOWN_MISTAKES[word]!
  const glued = known.find(name => name.length > 3 && word.startsWith(name))
  if (glued !== undefined) return `is a space missing after ${glued}?`
  const near = nearest(word, known)
  if (near !== undefined) return `${place} knows no such word; is ${near} meant?`
  return `${place} knows no such word`
}

/** The known word that is one or two letters away. */
function nearest(word: string, known: readonly string[]): string | undefined {
  const most = word.length < 6 ? 1 : 2
  const found = known.map(name => ({ name, away: distance(word, name, most) })).filter(({ away }) => away <= most)
  return found.sort((one, other) => one.away - other.away)[0]?.name
}

/** Letters to add, drop or change; more than `most` are not counted. */
function distance(one: string, other: string, most: number): number {
  if (Math.abs(one.length - other.length) > most || one.length > 64) return most + 1
  let above = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let row = 1; row <= one.length; row++) {
    const line = [row]
    for (let at = 1; at <= other.length; at++) {
      const change = above[at - 1]! + (one[row - 1] === other[at - 1] ? 0 : 1)
      line.push(Math.min(change, above[at]! + 1, line[at - 1]! + 1))
    }
    above = line
  }
  return above[other.length]!
}
