import { chmodSync, existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { LastRules } from '../../../../../src/cli/uvs/director/etcd/last-rules.js'
import { FleetKeys } from '../../../../../src/fleet/fleet-keys.js'
import type { FleetKv } from '../../../../../src/fleet/fleet-rules.js'
import { tempDir } from '../../../../support/temp.js'

const KVS = [{ key: '/u/s/services/a', value: 'ü"\n', modRevision: 3 }]

function whole(kvs: readonly FleetKv[]) {
  return { isWhole: true, kvs: new Map(kvs.map(kv => [kv.key, kv])) }
}
function part(...changes: [string, FleetKv | undefined][]) {
  return { isWhole: false, kvs: new Map(changes) }
}
function kv(name: string, value: string, modRevision: number): FleetKv {
  return { key: `/u/s/services/${name}`, value, modRevision }
}

t.test('what is kept is there again, for nobody else to read', async t => {
  const directory = `${tempDir(t)}/state`
  const told: string[] = []
  const last = new LastRules(directory, new FleetKeys('/u/s'), line => void told.push(line))
  t.equal(last.load(), undefined, 'there is none')
  last.keep(whole([]))
  last.keep(whole(KVS))
  last.close()
  t.equal(last.path, `${directory}/rules-u-s.json`)
  t.strictSame(last.load(), KVS)
  t.strictSame([statSync(directory).mode & 0o777, statSync(last.path).mode & 0o777], [0o700, 0o600])
  t.strictSame(told, [])
})

t.test('a change is a line more, and what is loaded has it', async t => {
  const directory = tempDir(t)
  const told: string[] = []
  const begin = (): LastRules => new LastRules(directory, new FleetKeys('/u/s'), line => void told.push(line))
  const last = begin()
  const many = Array.from({ length: 1000 }, (_, i) => kv(`n${i + 1000}`, 'x'.repeat(100), 3))
  const keep = (update: Parameters<LastRules['keep']>[0]): Buffer => {
    const before = existsSync(last.path) ? readFileSync(last.path) : Buffer.alloc(0)
    last.keep(update)
    last.close()
    const after = readFileSync(last.path)
    return after.subarray(0, before.length).equals(before) ? after.subarray(before.length) : after
  }
  t.ok(keep(whole(many)).length > 100_000)
  const [a, b] = [kv('a', 'ü', 4), kv('n1001', 'y', 5)]
  t.ok(keep(part([a.key, a], ['/u/s/services/n1000', undefined])).length < 200)
  last.keep(part([a.key, undefined]))
  last.keep(part([a.key, a], [b.key, kv('n1001', 'z', 4)]))
  t.ok(keep(part([b.key, b])).length < 200, 'what came since, and no more of it than is so now')
  const now = [a, b, ...many.slice(2)]
  t.strictSame(begin().load(), now)
  const good = readFileSync(last.path, 'utf8')
  writeFileSync(last.path, `${good}{"put":[`)
  t.strictSame(begin().load(), now, 'the last line was being written')
  t.ok(keep(part([a.key, kv('a', 'ü', 6)])).length > 100_000, 'nobody else is to have written: all is written anew')
  t.strictSame(begin().load(), [kv('a', 'ü', 6), ...now.slice(1)])
  rmSync(last.path)
  t.ok(keep(part([a.key, a])).length > 100_000, 'nor to have taken it away')
  t.strictSame(begin().load(), now)
  t.strictSame(told, [])
  writeFileSync(last.path, `${good.slice(0, -1)}x\n`)
  t.equal(begin().load(), undefined)
  t.match(told.at(-1), /not used .*JSON/)
  writeFileSync(last.path, `${good}{"put":[],"deleted":[7]}\n`)
  t.equal(begin().load(), undefined)
  t.match(told.at(-1), /line 4\.deleted\[0\]: not a text/)
})

t.test('many changes: all is written anew before they are much more than all', async t => {
  const last = new LastRules(tempDir(t), new FleetKeys('/u/s'), line => t.fail(line))
  last.keep(whole(KVS))
  last.close()
  let anew = 0
  let size = 0
  for (let i = 0; i < 200; i++) {
    const changed = kv('a', String(i).repeat(300), i)
    last.keep(part([changed.key, changed]))
    last.close()
    const { size: now } = statSync(last.path)
    if (now < size) anew++
    size = now
    t.ok(now < 70_000, String(now))
    if (i % 50 === 0) t.strictSame(last.load(), [changed])
  }
  t.ok(anew >= 1 && anew < 10, String(anew))
})

t.test('what could not be written is there after the next change', async t => {
  const directory = tempDir(t)
  const told: string[] = []
  const last = new LastRules(directory, new FleetKeys('/u/s'), line => void told.push(line))
  last.keep(whole(KVS))
  last.close()
  chmodSync(directory, 0o777)
  last.keep(part(['/u/s/services/b', kv('b', 'x', 4)]))
  last.close()
  t.match(told, [/cannot be kept/])
  chmodSync(directory, 0o700)
  last.keep(part(['/u/s/services/c', kv('c', 'x', 5)]))
  last.close()
  t.strictSame(last.load(), [...KVS, kv('b', 'x', 4), kv('c', 'x', 5)])
})

t.test('what cannot be trusted or read is not used, and told', async t => {
  const directory = `${tempDir(t)}/state`
  const told: string[] = []
  const last = new LastRules(directory, new FleetKeys('/u/s'), line => void told.push(line))
  last.keep(whole(KVS))
  last.close()
  const good = readFileSync(last.path, 'utf8')
  for (const [text, why] of [
    [good.slice(0, 40), /JSON/],
    [good.replace('"version":1', '"version":2'), /version: not/],
    [good.replace('"modRevision":3', '"modRevision":"3"'), /kvs\[0\]\.modRevision: not/],
    [good.replace('"prefix":"/u/s"', '"prefix":"/u/x"'), /the rules are those of \/u\/x/],
  ] as const) {
    writeFileSync(last.path, text)
    t.equal(last.load(), undefined)
    t.match(told.at(-1), why)
  }
  writeFileSync(last.path, good)
  chmodSync(last.path, 0o666)
  t.equal(last.load(), undefined)
  t.match(told.at(-1), /can be written by others \(mode 0666\)/)
  chmodSync(last.path, 0o600)
  chmodSync(directory, 0o777)
  t.equal(last.load(), undefined)
  last.keep(whole(KVS))
  last.close()
  t.match(told.at(-1), /cannot be kept for a start without etcd: .*can be written by others/)
  const link = `${tempDir(t)}/link`
  symlinkSync(directory, link)
  const other = new LastRules(link, new FleetKeys('/u/s'), line => void told.push(line))
  t.equal(other.load(), undefined)
  t.match(told.at(-1), /symbolic link/)
})
