import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { parseDirectorOptions } from '../src/cli/uvs/director/director-options.js'
import { tempDir } from './support/temp.js'

/* The service file is one that systemd takes whole, and says what docs/on-a-server.md says. */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const unit = read('packaging/uvs.service')

/** The values of a setting, in order. */
function all(setting: string): string[] {
  return [...unit.matchAll(new RegExp(`^${setting}=(.*)$`, 'gm'))].map(([, value]) => value!)
}

function noSystemd(): string | false {
  try {
    execFileSync('systemd-analyze', ['--version'])
    return false
  } catch {
    return 'there is no systemd-analyze'
  }
}

t.test('systemd-analyze verify has nothing to say', { skip: noSystemd() }, async t => {
  const verify = (text: string): string => {
    const path = `${tempDir(t)}/uvs.service`
    // uvs is not installed where the tests run.
    writeFileSync(path, text.replace(/^ExecStart=uvs/m, `ExecStart=${process.execPath}`))
    const { status, stderr } = spawnSync('systemd-analyze', ['--man=no', 'verify', path], { encoding: 'utf8' })
    return `${status}: ${stderr}`
  }
  t.equal(verify(unit), '0: ')
  t.match(verify(unit.replace('WatchdogSec=', 'WatchdogSecs=')), /WatchdogSecs/, 'a mistake would be found')
})

t.test('the capabilities that a director needs, and no others', async t => {
  t.strictSame(all('CapabilityBoundingSet'), all('AmbientCapabilities'))
  const [capabilities] = all('AmbientCapabilities')
  const documented = [...read('docs/on-a-server.md').matchAll(/^\| `(CAP_\w+)`/gm)].map(([, name]) => name)
  t.strictSame(capabilities!.split(' ').sort(), documented.sort())
})

t.test('the director understands its command line', async t => {
  const [line] = all('ExecStart')
  const [, options] = /^UVS_OPTIONS="(.*)"$/m.exec(read('packaging/uvs.default'))!
  const words = line!.replace('$UVS_OPTIONS', options!).split(' ')
  t.strictSame(words.slice(0, 2), ['uvs', 'director'])
  const { rules, devices } = parseDirectorOptions(words.slice(2), 1)
  t.equal(rules, '/etc/uvs/rules')
  t.match(devices, [{ kind: 'raw', name: 'eth0' }])
  t.strictSame([all('Type'), all('RuntimeDirectory')], [['notify'], ['uvs']])
  t.notOk(/^(MemoryDenyWriteExecute|PrivateNetwork|PrivateUsers|PrivateDevices|ProcSubset)=/m.test(unit))
})
