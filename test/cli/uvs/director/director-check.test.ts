import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseDirectorCheck } from '../../../../src/cli/uvs/director/director-check.js'
import { UsageError } from '../../../../src/director/options.js'
import { runCommand } from '../../../support/run-command.js'
import { tempDir } from '../../../support/temp.js'

const read = (line: string) => parseDirectorCheck(line.split(' '))

t.test('what is asked for', async t => {
  t.equal(read('--raw eth0 --keepalived c.conf'), undefined)
  t.strictSame(read('--keepalived c.conf --check'), { file: 'c.conf', interfaces: [] })
  t.strictSame(read('--check --keepalived=c.conf'), { file: 'c.conf', interfaces: [] })
  t.strictSame(read('--raw eth7,eth8 --check --keepalived c.conf --workers 2'), {
    file: 'c.conf',
    interfaces: ['eth7', 'eth8'],
  })
})

t.test('what cannot be meant', async t => {
  const wrong: [string, RegExp][] = [
    ['--check', /^--check: --keepalived FILE is missing/],
    ['--raw eth0 --check', /^--check: --keepalived FILE is missing/],
    ['--keepalived c.conf --check --workers 2', /^--workers: there is no such option/],
    ['--raw eth0 --keepalived c.conf --check --workers 0', /^--workers: '0'/],
    ['--keepalived --check', /^--keepalived needs a value/],
  ]
  for (const [line, said] of wrong) {
    try {
      read(line)
      t.fail(line)
    } catch (error) {
      t.type(error, UsageError)
      t.match((error as Error).message, said, line)
    }
  }
})

t.test('it says what `uvs keepalived check` says, with its status, and needs no interface', async t => {
  const file = join(tempDir(t), 'c.conf')
  const texts: [string, number][] = [
    ['global_defs {\nenable_snmp_vrrp\n}\n', 0],
    ['vrrp_instance V {\ninterface lo\nvirtual_router_id 1\npriority 500\nvirtual_ipaddress { 192.0.2.1 }\n}\n', 5],
    ['vrrp_instance V {\ninterface lo\nvirtual_router_id\n}\n', 2],
    ['includem nothing\n', 6],
  ]
  for (const [text, status] of texts) {
    writeFileSync(file, text)
    const asked = await runCommand('keepalived', '', 'check', file)
    t.equal(asked.status, status, text)
    t.strictSame(await runCommand('director', '', '--keepalived', file, '--check'), asked)
  }
  const missing = await runCommand('director', '', '--keepalived', `${file}.not`, '--check')
  t.match(missing, { status: 1, err: /there is no such file\n$/ })
  writeFileSync(file, 'vrrp_instance V {\ninterface tap9\nvirtual_router_id 1\nvirtual_ipaddress { 192.0.2.1 }\n}\n')
  t.match((await runCommand('director', '', '--keepalived', file, '--check')).err, /tap9/)
  const named = ['--tap', 'tap9', '--address', '192.0.2.2/24@tap9', '--keepalived', file, '--check']
  t.strictSame(
    await runCommand('director', '', ...named),
    { status: 0, out: '', err: '' },
    'an interface of --tap is there',
  )
})
