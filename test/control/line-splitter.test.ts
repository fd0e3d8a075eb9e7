import t from 'tap'
import { LineSplitter } from '../../src/control/line-splitter.js'

t.test('a stream is cut into lines wherever its chunks end', async t => {
  const text = 'one\n\nthree é\nfour'
  for (let size = 1; size <= text.length + 1; size++) {
    const splitter = new LineSplitter(100)
    const bytes = Buffer.from(text)
    const lines: string[] = []
    for (let at = 0; at < bytes.length; at += size)
      for (const line of splitter.push(bytes.subarray(at, at + size)) ?? []) lines.push(line.toString())
    t.strictSame(lines, ['one', '', 'three é'], `${size} bytes at a time`)
  }
})

function line(length: number): Buffer {
  return Buffer.alloc(length, 'x')
}

t.test('a line that is too long is refused, ended or not', async t => {
  t.strictSame(new LineSplitter(4).push(Buffer.from('1234\n')), [Buffer.from('1234')])
  t.equal(new LineSplitter(4).push(Buffer.from('12345\n')), undefined)
  t.equal(new LineSplitter(4).push(line(5)), undefined)
  const slowly = new LineSplitter(4)
  t.strictSame(slowly.push(line(3)), [])
  t.equal(slowly.push(line(2)), undefined)
})
