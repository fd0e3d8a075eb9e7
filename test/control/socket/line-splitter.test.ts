import t from 'tap'
import { LineSplitter } from '../../../src/control/socket/line-splitter.js'

/** The lines that a chunk ends; undefined: one is too long. */
function push(splitter: LineSplitter, chunk: Buffer): string[] | undefined {
  const lines: string[] = []
  splitter.push(chunk)
  for (let line = splitter.next(); line; line = splitter.next()) lines.push(line.toString())
  return splitter.isTooLong ? undefined : lines
}

t.test('a stream is cut into lines wherever its chunks end', async t => {
  const text = 'one\n\nthree é\nfour'
  for (let size = 1; size <= text.length + 1; size++) {
    const splitter = new LineSplitter(100)
    const bytes = Buffer.from(text)
    const lines: string[] = []
    for (let at = 0; at < bytes.length; at += size)
      lines.push(...(push(splitter, bytes.subarray(at, at + size)) ?? ['?']))
    t.strictSame(lines, ['one', '', 'three é'], `${size} bytes at a time`)
  }
})

function line(length: number): Buffer {
  return Buffer.alloc(length, 'x')
}

t.test('a line that is too long is refused, ended or not', async t => {
  t.strictSame(push(new LineSplitter(4), Buffer.from('1234\n')), ['1234'])
  t.equal(push(new LineSplitter(4), Buffer.from('12345\n')), undefined)
  t.equal(push(new LineSplitter(4), line(5)), undefined)
  const slowly = new LineSplitter(4)
  t.strictSame(push(slowly, line(3)), [])
  t.equal(push(slowly, line(2)), undefined)
})
