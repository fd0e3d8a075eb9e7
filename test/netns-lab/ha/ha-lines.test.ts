import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { clientNews } from '../../../netns-lab/ha/client-news.js'
import { FollowedFile } from '../../../netns-lab/ha/follow-file.js'
import { bare, isAbout, isRefusal, isShown } from '../../../netns-lab/ha/log-lines.js'
import { Narrator } from '../../../netns-lab/ha/narrator.js'
import { Timeline } from '../../../netns-lab/ha/timeline.js'
import { wireNews } from '../../../netns-lab/ha/wire-news.js'

const STICKY = '192.168.159.100'

t.test('what the logs say', async t => {
  const keepalived = bare('Sun Nov  9 22:41:07 2026: (VI_1) Entering BACKUP STATE')
  t.equal(keepalived, '(VI_1) Entering BACKUP STATE')
  t.ok(isShown(keepalived))
  t.notOk(isShown('(VI_1) Sending/queueing gratuitous ARPs on eth0 for 192.168.159.100'))
  t.notOk(isShown('ready on eth0, beside the kernel'))
  const removing = bare('uvs director: Removing service [192.168.159.11]:tcp:80 from VS [192.168.159.100]:tcp:80')
  t.ok(isShown(removing))
  t.ok(isAbout(removing, 'Removing', '192.168.159.11'))
  t.notOk(isAbout(removing, 'Removing', '192.168.159.1'))
  t.notOk(isAbout(removing, 'Adding', '192.168.159.11'))
  t.ok(isRefusal('(VI_1) received an invalid passwd!'))
  t.notOk(isRefusal(keepalived))
})

t.test('a file that grows: whole lines, each once', async t => {
  const path = join(t.testdir(), 'log')
  const file = new FollowedFile(path)
  t.strictSame(file.lines(), [])
  writeFileSync(path, 'one\ntw')
  t.strictSame(file.lines(), ['one'])
  appendFileSync(path, 'o\nthree\n')
  t.strictSame(file.lines(), ['two', 'three'])
  t.strictSame(file.lines(), [])
  t.strictSame(clientNews(['{"kind":"asked"}', 'Trace: x', '{"kind"']), [{ kind: 'asked' }])
})

t.test('a timeline is in the order of its times, and holds back what is new', async t => {
  const lines: string[] = []
  const timeline = new Timeline(1000, line => lines.push(line))
  timeline.add(3000, 'lb2', 'second')
  timeline.add(2500, 'lb1', 'first')
  timeline.add(4000, 'lab', 'third')
  timeline.flush(4100)
  t.strictSame(lines, ['  1.50  lb1     first', '  2.00  lb2     second'])
  timeline.flush(Infinity)
  t.equal(lines.at(-1), '  3.00  lab     third')
})

t.test('what repeats is told once', async t => {
  const lines: string[] = []
  const narrator = new Narrator(new Timeline(0, line => lines.push(line.slice(8))))
  for (const atMs of [0, 1000, 2000]) narrator.advert({ atMs, from: 'lb1', priority: 150 })
  for (const atMs of [5600, 6600]) narrator.advert({ atMs, from: 'lb2', priority: 100 })
  for (const atMs of [5601, 5602]) narrator.announcement({ atMs, address: STICKY, mac: '02:00:00:00:00:02' })
  for (const atMs of [2100, 2200, 2300]) {
    narrator.asked({ kind: 'asked', at: STICKY, atMs, tookMs: 1, error: 'ECONNREFUSED' })
  }
  for (const atMs of [5700, 5800]) narrator.asked({ kind: 'asked', at: STICKY, atMs, tookMs: 1, by: 'rs2' })
  narrator.download({ kind: 'download', begunMs: 6000, endMs: 7000, octets: 5e6, error: 'ECONNRESET' })
  narrator.advert({ atMs: 7000, from: 'lb2', priority: 0 })
  narrator.timeline.flush(Infinity)
  t.strictSame(lines, [
    'wire    lb1 advertises priority 150',
    `client  requests to ${STICKY} fail: ECONNREFUSED`,
    'wire    3 adverts of lb1 in 2.00 s, the longest pause 1.00 s',
    'wire    lb2 advertises priority 100',
    `wire    gratuitous ARP: ${STICKY} is at 02:00:00:00:00:02`,
    `client  ${STICKY} is answered by rs2, and will be as long as rs2 and the master are there`,
    `client  requests to ${STICKY} are all answered again; failed in 0.20 s: 3 ECONNREFUSED`,
    'client  a download breaks after 5.0 MB in 1.0 s: ECONNRESET',
    'wire    2 adverts of lb2 in 1.00 s, the longest pause 1.00 s',
    'wire    lb2 says good-bye',
  ])
})

/** A frame of Ethernet with this type and payload. */
function frame(type: number, payload: readonly number[]): Buffer {
  return Buffer.from([...Array(12).fill(0x02), type >> 8, type & 255, ...payload])
}
const LB2 = [192, 168, 159, 2]
const ipv4 = (protocol: number, source: readonly number[], payload: readonly number[]): number[] => {
  const total = 20 + payload.length
  return [0x45, 0xc0, 0, total, 0, 0, 0, 0, 255, protocol, 0, 0, ...source, 224, 0, 0, 18, ...payload]
}
const VRRP = [0x21, 51, 100, 1, 0, 1, 0, 0, 192, 168, 159, 100]
const arp = (sender: number, target: number): number[] => {
  return [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9, 192, 168, 159, sender, 0, 0, 0, 0, 0, 0, 192, 168, 159, target]
}

const news = (octets: Buffer): unknown =>
  wireNews({ space: 'client', ifindex: 1, at: 1_500_000_000n, ethernet: true, octets })

t.test('what the wire says', async t => {
  t.strictSame(news(frame(0x0800, ipv4(112, LB2, VRRP))), { atMs: 1500, from: 'lb2', priority: 100 })
  t.equal(news(frame(0x0800, ipv4(112, [10, 0, 0, 1], VRRP))), undefined, 'of somebody else')
  t.equal(news(frame(0x0800, ipv4(6, LB2, VRRP))), undefined, 'TCP')
  t.equal(news(frame(0x0800, ipv4(112, LB2, VRRP.slice(0, 4)))), undefined, 'too short')
  const announced = { atMs: 1500, address: '192.168.159.100', mac: '02:00:00:00:00:09' }
  t.strictSame(news(frame(0x0806, arp(100, 100))), announced)
  t.equal(news(frame(0x0806, arp(10, 100))), undefined, 'a request')
  t.equal(news(frame(0x0806, arp(100, 100).slice(0, 20))), undefined)
  t.equal(news(frame(0x86dd, VRRP)), undefined)
  t.equal(news(Buffer.alloc(10)), undefined)
})
