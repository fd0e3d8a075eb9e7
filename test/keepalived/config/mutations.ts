/** Numbers 0 ≤ n < 1, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const WORDS = [
  '{', '}', '"', '{ }', '#', '!', '0', '-1', '1', '255', '256', '65536', '4294967296', '0.5', '1.5', 'x', 'on', 'off', 'maybe', 'eth0', 'eth1',
  'nosuch0', '10.9.8.7', '10.9.8.7/24', '2001:db8::7', 'MASTER', 'BACKUP', 'weight', 'reverse', 'dev', 'no_track', 'TCP', 'UDP', 'NAT', 'DR', 'TUN',
  'rr', 'wrr', 'sh', 'fwmark', 'group', '$A', '${A}', '@x', '~SEQ(N, 1, 3)', '\\', "'", '',
] // prettier-ignore

/** One change of a text: of a word, a line, or a few characters. Lines are taken from `others`, too. */
export function mutated(text: string, others: readonly string[], random: () => number): string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  const lines = text.split('\n')
  const at = Math.floor(random() * lines.length)
  const words = lines[at]!.split(/(?<=\s)(?=\S)/)
  const word = Math.floor(random() * words.length)
  const changes: (() => void)[] = [
    () => void lines.splice(at, 1),
    () => void lines.splice(at, 0, lines[at]!),
    () => void lines.splice(at, 0, pick(others)),
    () => void lines.splice(at, 0, pick(WORDS)),
    () => void lines.splice(at, 2, `${lines[at]} ${(lines[at + 1] ?? '').trimStart()}`),
    () => ([lines[at], lines[at + 1]] = [lines[at + 1] ?? '', lines[at]!]),
    () => void (lines[at] = words.toSpliced(word, 1).join('')),
    () => void (lines[at] = words.with(word, `${pick(WORDS)} `).join('')),
    () => void (lines[at] = `${words.join('')} ${pick(WORDS)}`),
    () => void (lines[at] = words.toSpliced(word, 0, `${pick(WORDS)} `).join('')),
    () => void (lines[at] = lines[at]!.slice(0, Math.floor(random() * lines[at]!.length))),
  ]
  pick(changes)()
  return lines.join('\n')
}

/** Characters that mean something, and some that must not. */
const CHARACTERS = [
  '{',
  '}',
  '"',
  "'",
  '#',
  '!',
  '$',
  '@',
  '~',
  '(',
  ')',
  '\\',
  '\0',
  '\n',
  '\r',
  '\t',
  '=',
  '%',
  '\ufeff',
  '\u00a0',
  '😀',
  '\ud800',
]

/** Characters put in, taken out or repeated. */
export function scrambled(text: string, random: () => number): string {
  let result = text
  for (let times = 1 + Math.floor(random() * 6); times > 0; times--) {
    const at = Math.floor(random() * (result.length + 1))
    const char = CHARACTERS[Math.floor(random() * CHARACTERS.length)]!
    const cut = Math.floor(random() * 3)
    result = result.slice(0, at) + char.repeat(random() < 0.05 ? 2000 : 1) + result.slice(at + cut)
  }
  return result
}
