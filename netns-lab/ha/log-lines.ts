/** Transitions, checks that fail, servers that come and go. */
const SHOWN = /^\(VI_1\) |_CHECK on service .* failed|^(Adding|Removing) (sorry )?service |[Qq]uorum/
/** Each address has several of these; the wire shows the first. */
const LEFT_OUT = /gratuitous|Sending/
/** What a refusal of an advert is called, by uvs and by keepalived. */
const REFUSED = /invalid|mismatch|wrong version|too (short|long)|unexpected|not present/i

/** A line of a director's log without who writes it, and without keepalived's clock: 'Sun Nov 29 22:41:07 2026: '. */
export function bare(line: string): string {
  return line.replace(/^uvs director: |^\w{3} \w{3} +\d+ [\d:]+ \d{4}: /, '')
}

/** Whether a bare line belongs into the timeline. */
export function isShown(line: string): boolean {
  return SHOWN.test(line) && !LEFT_OUT.test(line)
}

/** Whether a bare line says that an advert was refused. */
export function isRefusal(line: string): boolean {
  return line.startsWith('(VI_1)') && REFUSED.test(line)
}

/** Of a bare line that says that a real server, '192.168.159.11', has come into a pool or gone out of one. */
export function isAbout(line: string, what: 'Adding' | 'Removing', address: string): boolean {
  return line.startsWith(`${what} service [${address}]:`)
}
