import t from 'tap'
import { logicalLines } from '../../../../src/keepalived/config/lines/logical-lines.js'
import { formatMessage, Report } from '../../../../src/keepalived/config/report.js'
import { recordedHost } from '../recorded-host.js'

/** The lines that the parser gets, each as `LINE:word|word`; and what is said. */
function read(text: string, files: Record<string, string> = {}, id = 'main'): { lines: string[]; said: string[] } {
  const report = new Report()
  const host = recordedHost('a.conf', { text, files, args: ['-i', id] })
  const lines = logicalLines('a.conf', text, host, report)
  return {
    lines: lines.map(
      ({ place, words }) => `${place.file === 'a.conf' ? '' : place.file}${place.line}:${words.join('|')}`,
    ),
    said: report.messages.map(formatMessage),
  }
}
const lines = (text: string, files?: Record<string, string>, id?: string): string[] => read(text, files, id).lines

t.test('comments, quotes, braces', async t => {
  t.strictSame(lines('a b#c\n! d\n"a # b" c!d\n'), ['1:a|b', '3:a # b|c'])
  t.strictSame(lines('x{\na }\n} y {z}\n'), ['1:x', '1:{', '2:a', '2:}', '3:}', '3:y', '3:{', '3:z', '3:}'])
  t.strictSame(lines('a "{ }" b\r\n\tc\n'), ['1:a|{ }|b', '2:c'])
  t.strictSame(lines('a"b c"d\n'), ['1:a|b c|d'])
  t.strictSame(lines('a\u00a0b\n'), ['1:a\u00a0b'], 'a no-break space separates nothing')
  t.match(read('a "b\n'), { lines: ['1:a'], said: [/^a.conf:1: error: Unterminated quote/, /Unmatched quote/] })
})

t.test('physical lines: 1023 octets, NUL, the last without its end', async t => {
  t.strictSame(
    lines(`${'x'.repeat(1024)}\ny`).map(line => line.length),
    [1025, 3, 3],
  )
  t.strictSame(lines('a b\0c\nd'), ['1:a|b', '2:d'])
})

t.test('conditions', async t => {
  const text = '@main a\n@other b\n@^main c\n@^other d\n@main\n@ e\nf @main\n@main @main g\n'
  t.strictSame(lines(text), ['1:a', '4:d', '7:f|@main', '8:g'])
})

t.test('definitions', async t => {
  t.strictSame(lines('$A=1 2 ! c\n$A\nx $A\nx${A}y\n"$A "\n$AB\n$B\n'), [
    '2:1|2',
    '3:x|1|2',
    '4:x1|2y',
    '5:1 2 ',
    '6:$AB',
    '7:$B',
  ])
  t.strictSame(lines('x $A\n$A=1\n$A=2\nx $A\n'), ['1:x|$A', '4:x|2'], 'from the next line on, the last one')
  t.strictSame(lines('$M= \\\n a ${N} \\\n ! c \\\n b\n$N=1\n$M\n$N=2\n$M\n'), ['6:a|1', '6:b', '8:a|2', '8:b'])
  t.strictSame(lines('$K=b {\n$K\n}\n$E=\n$E\n'), ['2:b', '2:{', '3:}'])
  t.strictSame(lines('$1A=5\n$A = 5\n'), ['1:$1A=5', '2:$A|=|5'])
  t.strictSame(lines('x ${_INSTANCE}${_HASH}y\n${_RANDOM 5 5}\n'), ['1:x|main', '2:5'])
})

t.test('a definition that names itself is told and left out', async t => {
  for (const text of ['$A=$A\n$A\nb\n', '$A=x${A}\n${A}\nb\n', '$A=${B}\n$B=${A}\n$A\nb\n'])
    t.match(read(text), { lines: [/:b$/], said: [/definition refers to itself/] })
  const growing = Array.from({ length: 40 }, (_, at) => `$A${at}=\${A${at + 1}}\${A${at + 1}}`).join('\n')
  const { said } = read(`${growing}\n$A40=x\n\${A0}\n`)
  t.match(said, [/definition refers to itself/])
})

t.test('~SEQ and ~LST', async t => {
  t.strictSame(lines('~SEQ(N, 1, 3) a${N}\nb $N\n'), ['1:a1', '1:a2', '1:a3', '2:b|3'])
  t.strictSame(lines('~SEQ(N, 2) ~SEQ(M, 5, -5, 0)${N}.${M}\n'), ['1:1.5', '1:1.0', '1:2.5', '1:2.0'])
  t.strictSame(lines('~SEQx(N, 0x9, 0x1, 0xb) ${N}\n'), ['1:9', '1:a', '1:b'])
  t.strictSame(lines('~LST({A, B}, {1, 2}, {3}) ${A}-${B}\n'), ['1:1-2', '1:3-'])
  t.match(read('~SEQ(N, 3, 1, 1) a\n~SEQ(N) a\n~LST(A) a\n~SEQ(N, 1, 2\n'), {
    lines: [],
    said: [
      /SEQ values/,
      /SEQ specification/,
      /SEQ definition/,
      /SEQ specification/,
      /LST specification/,
      /too long/,
      /SEQ spec/,
    ],
  })
  t.match(read('~SEQ(A, 1, 1000000000) a\n').said, [/Invalid ~SEQ values/, /Invalid ~SEQ specification/])
})

t.test('include', async t => {
  const files = { 'd/a.inc': 'a\ninclude b.inc\n', 'd/b.inc': 'b {\n', 'd/.hidden.inc': 'h\n' }
  t.strictSame(lines('include d/*.inc\n}\n', files), [
    'd/a.inc1:a',
    'd/b.inc1:b',
    'd/b.inc1:{',
    'd/b.inc1:b',
    'd/b.inc1:{',
    '2:}',
  ])
  t.strictSame(lines('include d/{b,a}.inc\n', files).length, 5)
  t.match(read('include none.inc\nincludem none.inc\ninclude none*\nincludew none*\ninclude d\n', files).said, [
    /^a.conf:1: note: Config files missing 'none.inc'/,
    /^a.conf:2: missing: Config files missing/,
    /^a.conf:4: missing: No config files matched/,
    /^a.conf:5: note: .*is a directory/,
  ])
  const circle = read('x\ninclude a.conf\ninclude a.conf\n')
  t.equal(circle.lines.length, 3)
  t.match(circle.said, [/Too many open files/, /Too many open files/])
})

t.test('bounded: lines in all', async t => {
  const { lines: found, said } = read('~SEQ(A, 1, 60000) ~SEQ(B, 1, 60000) x\n')
  t.ok(found.length < 300_000)
  t.match(said, [/too many lines; at most 300000 are read/])
})
