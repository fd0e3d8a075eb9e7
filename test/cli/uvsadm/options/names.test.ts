import { createSocket } from 'node:dgram'
import t, { type Test } from 'tap'
import { askDns, parseHosts, parseServices, systemNames } from '../../../../src/cli/uvsadm/options/names.js'

t.test('services are read as from /etc/services', async t => {
  const services = parseServices(
    '# a comment\nhttp\t80/tcp\twww web # World Wide\nwww-2 80/tcp\n\nhttp 80/udp\nodd 80\n',
  )
  t.equal(services.portName(80, 'tcp'), 'http', 'the first name wins')
  t.equal(services.portNumber('www-2', 'tcp'), 80)
  for (const alias of ['www', 'web']) t.equal(services.portNumber(alias, 'tcp'), 80, alias)
  for (const none of ['World', '#', '', 'odd', 'HTTP']) t.equal(services.portNumber(none, 'tcp'), undefined, none)
  t.equal(services.portName(80, 'sctp'), undefined)
})

t.test('a machine without /etc/services still knows the common ones', async t => {
  const names = systemNames('/nonexistent/services')
  for (const [name, port] of [
    ['http', 80],
    ['https', 443],
    ['kerberos', 88],
    ['http-alt', 8080],
    ['imap', 143],
  ] as const)
    t.equal(names.portNumber(name, 'tcp'), port, name)
  t.equal(names.portName(5353, 'udp'), 'mdns')
  t.equal(names.portName(53, 'udp'), 'domain')
  t.equal(names.portName(53, 'tcp'), 'domain')
})

t.test('the first name of the first line of an address in /etc/hosts is its name', async t => {
  const hosts = parseHosts(
    '127.0.0.1\tlocalhost vm\n127.0.0.1 other\n# 10.0.0.1 no\n10.0.0.2 # none\n 10.0.0.3 web # yes\n\n',
  )
  t.strictSame(
    [...hosts],
    [
      ['127.0.0.1', 'localhost'],
      ['10.0.0.3', 'web'],
    ],
  )
})

t.test('localhost has an address and 127.0.0.1 a name', async t => {
  const names = systemNames()
  t.equal(await names.addressOf('localhost'), '127.0.0.1')
  t.equal((await names.hostsOf(['127.0.0.1', '127.0.0.1'])).get('127.0.0.1'), 'localhost')
})

/** A name server on a free port; `answer` gets a question and may answer with a packet. */
async function nameServer(
  t: Pick<Test, 'teardown'>,
  answer: (question: Buffer) => Buffer | undefined,
): Promise<string> {
  const socket = createSocket('udp4')
  socket.on('message', (question, from) => {
    const packet = answer(question)
    if (packet) socket.send(packet, from.port, from.address)
  })
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  t.teardown(() => socket.close())
  return `127.0.0.1:${socket.address().port}`
}

t.test('a name server is asked for the rest', async t => {
  // header with one question and one answer; the question; PTR IN, 60 s, to "web."
  const server = await nameServer(t, question =>
    Buffer.concat([
      question.subarray(0, 2),
      Buffer.from('81800001000100000000', 'hex'),
      question.subarray(12, question.indexOf('\x04arpa\0\0\x0c\0\x01') + 10),
      Buffer.from('c00c000c00010000003c00050377656200', 'hex'),
    ]),
  )
  t.strictSame(await askDns(['192.0.2.1'], [server]), new Map([['192.0.2.1', 'web']]))
})

t.test('a dead name server keeps a listing no longer than its bound', async t => {
  const server = await nameServer(t, () => undefined)
  const addresses = Array.from({ length: 200 }, (_, at) => `192.0.2.${at}`)
  const begun = Date.now()
  t.strictSame(await askDns(addresses, [server]), new Map())
  t.ok(Date.now() - begun < 4000)
})
