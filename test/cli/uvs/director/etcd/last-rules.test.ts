import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { LastRules } from '../../../../../src/cli/uvs/director/etcd/last-rules.js'
import { FleetKeys } from '../../../../../src/fleet/fleet-keys.js'
import { tempDir } from '../../../../support/temp.js'

const KVS = [{ key: '/u/s/services/a', value: 'ü"\n', modRevision: 3 }]

t.test('what is kept is there again, for nobody else to read', async t => {
  const directory = `${tempDir(t)}/state`
  const told: string[] = []
  const last = new LastRules(directory, new FleetKeys('/u/s'), line => void told.push(line))
  t.equal(last.load(), undefined, 'there is none')
  last.keep([])
  last.keep(KVS)
  last.close()
  t.equal(last.path, `${directory}/rules-u-s.json`)
  t.strictSame(last.load(), KVS)
  t.strictSame([statSync(directory).mode & 0o777, statSync(last.path).mode & 0o777], [0o700, 0o600])
  t.strictSame(told, [])
})

t.test('what cannot be trusted or read is not used, and told', async t => {
  const directory = `${tempDir(t)}/state`
  const told: string[] = []
  const last = new LastRules(directory, new FleetKeys('/u/s'), line => void told.push(line))
  last.keep(KVS)
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
  last.keep(KVS)
  last.close()
  t.match(told.at(-1), /cannot be kept for a start without etcd: .*can be written by others/)
  const link = `${tempDir(t)}/link`
  symlinkSync(directory, link)
  const other = new LastRules(link, new FleetKeys('/u/s'), line => void told.push(line))
  t.equal(other.load(), undefined)
  t.match(told.at(-1), /symbolic link/)
})
