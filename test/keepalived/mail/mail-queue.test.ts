import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { MailQueue } from '../../../src/keepalived/mail/mail-queue.js'
import { isCheckerMailWanted, mailSettings, type MailSettings } from '../../../src/keepalived/mail/mail-settings.js'
import { addressOf, mailDate, mailText } from '../../../src/keepalived/mail/mail-text.js'
import { newGlobalDefs } from '../../../src/keepalived/config/tree/global.js'
import { tcpServer } from '../checkers/servers.js'

const MASTER = {
  subject: 'VRRP Instance VI_1 - Entering MASTER state',
  body: '=> VRRP Instance is now owning VRRP VIPs <=',
}
/** As in the recording smtp-alert of keepalived 2.2.7; its Date aside. */
const RECORDED = [
  'HELO mx1.example.com',
  'MAIL FROM:<ka@example.com>',
  'RCPT TO:<ops@example.com>',
  'RCPT TO:<dev@example.com>',
  'DATA',
  'Date: …',
  'From: ka@example.com',
  'Subject: [LVS_A] VRRP Instance VI_1 - Entering MASTER state',
  'X-Mailer: Keepalived',
  'To: ops@example.com, dev@example.com',
  '',
  '=> VRRP Instance is now owning VRRP VIPs <=',
  '',
  '.',
  'QUIT',
]

interface Sink {
  readonly settings: MailSettings
  /** Lines that came, without their ends. */
  readonly lines: string[]
  readonly queue: MailQueue
  readonly told: string[]
}

/** An SMTP server that replies to a command, or to the dot after DATA (`.`), as `replies` says; undefined: as usual; '': not at all. */
async function sink(t: Test, replies: (line: string) => string | undefined = () => undefined): Promise<Sink> {
  const lines: string[] = []
  const peer = await tcpServer(t, socket => serve(socket, lines, replies))
  const settings = {
    server: { host: peer.address, port: peer.port },
    from: 'ka@example.com',
    to: ['ops@example.com', 'dev@example.com'],
    heloName: 'mx1.example.com',
    routerId: 'LVS_A',
    timeoutMs: 30_000,
  }
  const told: string[] = []
  const queue = new MailQueue(({ address, port }) => connect(port, address), line => void told.push(line)) // prettier-ignore
  queue.settings = settings
  return { settings, lines, queue, told }
}

function serve(socket: Socket, lines: string[], replies: (line: string) => string | undefined): void {
  let text = ''
  let isData = false
  const say = (line: string, usual: string): void => void socket.write(replies(line) ?? usual)
  say('greeting', '220 mx.example.com ESMTP\r\n')
  socket.on('end', () => socket.end())
  socket.on('data', octets => {
    text += octets.toString()
    for (let at = text.indexOf('\r\n'); at >= 0; at = text.indexOf('\r\n')) {
      const line = text.slice(0, at)
      text = text.slice(at + 2)
      lines.push(line.startsWith('Date: ') ? 'Date: …' : line)
      if (line === 'DATA') say(line, '354 go\r\n')
      else if (!isData || line === '.') say(line, '250 ok\r\n')
      isData = line === 'DATA' || (isData && line !== '.')
    }
  })
}

t.test('a mail as the real one sends it', async t => {
  const { queue, lines, told } = await sink(t)
  queue.put(MASTER)
  await queue.close(60_000)
  await until(() => lines.includes('QUIT'))
  t.strictSame(lines, RECORDED)
  t.strictSame(told, [])
  queue.put(MASTER)
  t.equal(lines.length, RECORDED.length, 'closed, it sends nothing')
})

t.test('one after the other, in order; replies of several lines', async t => {
  const { queue, lines, told } = await sink(t, line => (line.startsWith('HELO') ? '250-a\r\n250 b\r\n' : undefined))
  for (const n of [1, 2, 3]) queue.put({ subject: `${n}`, body: '' })
  await queue.close(60_000)
  t.strictSame(lines.filter(line => line.startsWith('Subject')), ['1', '2', '3'].map(n => `Subject: [LVS_A] ${n}`)) // prettier-ignore
  t.strictSame(told, [])
})

t.test('an address that is refused keeps nothing from the others; all of them do', async t => {
  const one = await sink(t, line => (line.includes('ops@') ? '550 no such user\r\n' : undefined))
  one.queue.put(MASTER)
  await one.queue.close(60_000)
  t.ok(one.lines.includes('.'), 'keepalived gives up here')
  t.strictSame(one.told, ['a mail was not taken for ops@example.com'])
  const all = await sink(t, line => (line.startsWith('RCPT') ? '550 no such user\r\n' : undefined))
  all.queue.put(MASTER)
  await all.queue.close(60_000)
  t.notOk(all.lines.includes('DATA'))
  t.match(all.told, [/^a mail was not sent: 127\.0\.0\.1 port \d+: answer to RCPT: 550 no such user$/])
})

t.test('a server that refuses, and takes again: two lines of the log', async t => {
  let greeting: string | undefined = '554 no\r\n'
  const { queue, lines, told } = await sink(t, line => (line === 'greeting' ? greeting : undefined))
  for (let i = 0; i < 5; i++) queue.put(MASTER)
  await until(() => lines.filter(line => line === 'QUIT').length === 5)
  greeting = undefined
  queue.put(MASTER)
  await queue.close(60_000)
  t.match(told, [/^a mail was not sent: .* greeting: 554 no$/, 'mails are sent again: 5 were not'])
})

t.test('a server that is silent, gone or nowhere holds nothing up', async t => {
  const { queue, told, settings } = await sink(t, () => '')
  queue.settings = { ...settings, timeoutMs: 100 }
  for (let i = 0; i < 250; i++) queue.put(MASTER)
  const began = performance.now()
  await queue.close(300)
  t.ok(performance.now() - began < 20_000)
  t.equal(told.length, 1, 'one line')
  t.match(told[0], /^a mail was not sent: (more than 100 are waiting|.*no greeting within 100 ms)$/)

  for (const host of ['127.0.0.1', 'no-such-host.invalid']) {
    const gone = await sink(t)
    gone.queue.settings = { ...settings, server: { host, port: 1 } }
    gone.queue.put(MASTER)
    await gone.queue.close(60_000)
    t.match(gone.told, [/^a mail was not sent: .* port 1: /])
  }
  const none = await sink(t)
  none.queue.settings = undefined
  none.queue.put(MASTER)
  await none.queue.close()
  t.strictSame([none.lines, none.told], [[], []])
})

t.test('the text: dates, addresses, nothing that breaks a header', async t => {
  const date = mailDate(new Date(2026, 10, 29, 4, 59, 6))
  t.match(date, /^Sun, 29 Nov 2026 04:59:06 [+-]\d{4}$/)
  t.equal(new Date(date).getTime(), new Date(2026, 10, 29, 4, 59, 6).getTime())
  t.equal(addressOf('Ka Mail <ka@example.com>'), 'ka@example.com')
  t.equal(addressOf('ka@example.com'), 'ka@example.com')
  const { settings } = await sink(t)
  const text = mailText({ subject: 'a\r\nBcc: b', body: '.dot' }, settings, new Date())
  t.match(text, /\r\nSubject: \[LVS_A\] a Bcc: b\r\n/)
  t.match(text, /\r\n\r\n\.\.dot\r\n\r\n\.\r\n$/)
})

t.test('what global_defs say', async t => {
  const host = { name: 'vm', user: 'root' }
  const global = { ...newGlobalDefs(), notificationEmail: ['ops@example.com'] }
  t.equal(mailSettings(global, host), undefined, 'no smtp_server')
  const smtpServer = { host: '192.0.2.1', port: 25 }
  t.equal(mailSettings({ ...global, notificationEmail: [], smtpServer }, host), undefined)
  const defaults = { server: smtpServer, from: 'root@vm', to: ['ops@example.com'], heloName: 'vm', routerId: 'vm' }
  t.strictSame(mailSettings({ ...global, smtpServer }, host), { ...defaults, timeoutMs: 30_000 })
  const given = { notificationEmailFrom: 'ka@example.com', smtpHeloName: 'mx', routerId: 'R', smtpConnectTimeoutMs: 5 }
  t.match(mailSettings({ ...global, smtpServer, ...given }, host), { from: 'ka@example.com', heloName: 'mx', routerId: 'R', timeoutMs: 5 }) // prettier-ignore
})

function wanted(more: object, isWanted?: boolean): string[] {
  return (['service', 'server', 'checker'] as const).filter(of =>
    isCheckerMailWanted({ of, ...(isWanted !== undefined && { isWanted }) }, { ...newGlobalDefs(), ...more }),
  )
}

t.test('which mails of servers are wanted: as recorded', async t => {
  t.strictSame(wanted({}), ['server', 'checker'])
  t.strictSame(wanted({ smtpAlert: true }), ['service', 'server', 'checker'])
  t.strictSame(wanted({ smtpAlert: true, smtpAlertChecker: false }), [])
  t.strictSame(wanted({ smtpAlertChecker: false }, true), ['service', 'server', 'checker'])
  t.strictSame(wanted({ smtpAlert: true }, false), [])
  t.strictSame(wanted({ noCheckerEmails: true }), ['server'])
})

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 600 && !isSo(); i++) await new Promise(resolve => setTimeout(resolve, 50))
  if (!isSo()) throw new Error(`not so after 30 s: ${isSo}`)
}
