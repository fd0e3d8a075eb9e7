import t, { type Test } from 'tap'
import type { CheckResult } from '../../../src/keepalived/checkers/check-result.js'
import { hostSockets } from '../../../src/keepalived/checkers/host-sockets.js'
import { checkSmtp } from '../../../src/keepalived/checkers/smtp-check.js'
import { replyOf } from '../../../src/keepalived/checkers/smtp-reply.js'
import { NEVER, tcpServer } from './servers.js'
import { SHORT, TIMING } from './timing.js'

const CHECKER = { ...TIMING, kind: 'SMTP_CHECK', heloName: 'mx.example.com' } as const

async function checked(
  t: Test,
  greeting: string,
  helo: string,
  checker = CHECKER,
): Promise<{ result: CheckResult; said: string }> {
  let said = ''
  const peer = await tcpServer(t, socket => {
    socket.write(greeting)
    socket.on('data', octets => {
      said += octets.toString()
      if (/^HELO .*\r\n$/.test(said)) socket.write(helo)
    })
  })
  const result = await checkSmtp(checker, peer, hostSockets, NEVER)
  // Of a QUIT nobody waits for the answer.
  const isOver = (): boolean => !result.isUp || said.endsWith('QUIT\r\n')
  for (let i = 0; i < 3000 && !isOver(); i++) await new Promise(resolve => setTimeout(resolve, 10))
  return { result, said }
}

t.test('the dialogue', async t => {
  t.strictSame(await checked(t, '220 rs.example.com ESMTP\r\n', '250 hello\r\n'), {
    result: { isUp: true },
    said: 'HELO mx.example.com\r\nQUIT\r\n',
  })
})

t.test('replies of several lines, which keepalived fails', async t => {
  const { result } = await checked(t, '220-first\r\n220 second\r\n', '250-a\r\n250 b\r\n')
  t.strictSame(result, { isUp: true })
})

t.test('bad replies and silence', async t => {
  const why = async (greeting: string, helo: string, checker = CHECKER): Promise<unknown> =>
    (await checked(t, greeting, helo, checker)).result
  const short = { ...CHECKER, ...SHORT }
  t.match(await why('554 no\r\n', ''), { isUp: false, why: 'Bad greeting banner: 554 no' })
  t.match(await why('554 \x1b[2J\r\n', ''), { isUp: false, why: 'Bad greeting banner: 554 ?[2J' })
  t.match(await why('hello\r\n', ''), { isUp: false, why: 'Bad greeting banner: hello' })
  t.match(await why('220 a\r\n', '500 no\r\n'), { isUp: false, why: 'Bad HELO response: 500 no' })
  t.match(await why('', '', short), { isUp: false, why: 'no greeting within 2000 ms' })
  t.match(await why('220 a\r\n', '250-for ever\r\n', short), { isUp: false, why: 'no HELO response within 2000 ms' })
  t.match(await why(`220-${'x'.repeat(70_000)}`, ''), { isUp: false, why: 'endless greeting' })
})

t.test('a reply ends with its last line', async t => {
  t.equal(replyOf('220-a\r\n220-b\r\n'), undefined)
  t.equal(replyOf('220 a'), undefined)
  t.strictSame(replyOf('220-a\n220 b\n'), { code: 220, first: '220-a' })
  t.match(replyOf('220-a\r\n250 b\r\n'), { code: 0 })
})
