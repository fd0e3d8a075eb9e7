import t from 'tap'
import { Marks } from '../../src/service/marks.js'
import { parseCidr, parseIpv4 } from '../../src/wire/addr.js'

const TCP = 6
const UDP = 17

/** 'tcp 192.0.2.0/24:80,443-445=1', '*' for every port. */
function marksOf(...rules: string[]): Marks {
  const marks = new Marks()
  for (const rule of rules) {
    const [, protocol, cidr = '', ports = '', mark] = /^(\w+) ([^:]+):([^=]+)=(\d+)$/.exec(rule) ?? []
    const ranges = ports === '*' ? [] : ports.split(',').map(range => range.split('-').map(Number))
    marks.add({
      protocol: protocol === 'tcp' ? TCP : UDP,
      to: parseCidr(cidr)!,
      ports: ranges.map(([first = 0, last = first]) => ({ first, last })),
      mark: Number(mark),
    })
  }
  return marks
}
const markOf = (marks: Marks, addr: string, port: number, protocol = TCP) => marks.of(protocol, parseIpv4(addr)!, port)

t.test('without rules there are no marks', async t => {
  t.equal(markOf(new Marks(), '192.0.2.1', 80), 0)
  t.strictSame(new Marks().rules, [])
})

t.test('protocol, network and ports must fit', async t => {
  const marks = marksOf('tcp 192.0.2.0/24:80,443-445=7')
  for (const [addr, port, expected] of [
    ['192.0.2.0', 80, 7],
    ['192.0.2.255', 80, 7],
    ['192.0.3.0', 80, 0],
    ['192.0.1.255', 80, 0],
    ['192.0.2.1', 79, 0],
    ['192.0.2.1', 81, 0],
    ['192.0.2.1', 442, 0],
    ['192.0.2.1', 443, 7],
    ['192.0.2.1', 444, 7],
    ['192.0.2.1', 445, 7],
    ['192.0.2.1', 446, 0],
  ] as const) {
    t.equal(markOf(marks, addr, port), expected, `TCP to ${addr}:${port}`)
    t.equal(markOf(marks, addr, port, UDP), 0, `UDP to ${addr}:${port}`)
  }
})

t.test('an address alone, all addresses, every port', async t => {
  const one = marksOf('udp 203.0.113.7:*=1')
  t.strictSame(
    [0, 1, 65_535].map(port => markOf(one, '203.0.113.7', port, UDP)),
    [1, 1, 1],
  )
  t.equal(markOf(one, '203.0.113.6', 1, UDP), 0)
  const all = marksOf('tcp 0.0.0.0/0:80=2')
  t.strictSame([markOf(all, '255.1.2.3', 80), markOf(all, '1.2.3.4', 80)], [2, 2])
  const range = marksOf('tcp 10.0.0.1:0-65535=3')
  t.strictSame([markOf(range, '10.0.0.1', 0), markOf(range, '10.0.0.1', 65_535)], [3, 3])
})

t.test('bits of the address behind the network’s length do not count', async t => {
  const marks = new Marks()
  marks.add({
    protocol: TCP,
    to: { ...parseCidr('192.0.2.0/24')!, addr: parseIpv4('192.0.2.77')! },
    ports: [],
    mark: 5,
  })
  t.equal(markOf(marks, '192.0.2.1', 1), 5)
})

t.test('the last rule that fits decides, also for no mark; marks are unsigned', async t => {
  const marks = marksOf('tcp 192.0.2.0/24:*=1', 'tcp 192.0.2.1:*=4294967295', 'tcp 192.0.2.0/24:22=0')
  t.equal(markOf(marks, '192.0.2.2', 80), 1)
  t.equal(markOf(marks, '192.0.2.1', 80), 4_294_967_295)
  t.equal(markOf(marks, '192.0.2.1', 22), 0)
  t.equal(marks.rules.length, 3)
  marks.clear()
  t.equal(markOf(marks, '192.0.2.2', 80), 0)
})
