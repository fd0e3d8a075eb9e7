import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runOnce } from '../../../src/keepalived/scripts/once-script.js'
import { tempDir } from '../../support/temp.js'

async function told(shell: string, timeoutMs = 60_000, user?: string): Promise<string[]> {
  const lines: string[] = []
  const script = { words: ['/bin/sh', '-c', shell], text: 'S', ...(user !== undefined && { user }) }
  await runOnce('startup script', script, timeoutMs, {}, line => lines.push(line))
  return lines
}

t.test('it is waited for, and what became of it is told', async t => {
  const mark = join(tempDir(t), 'mark')
  t.strictSame(await told(`sleep 0.2; touch ${mark}`), ['Running startup script S', 'startup script succeeded'])
  t.ok(existsSync(mark))
  t.strictSame(await told('exit 3'), ['Running startup script S', 'startup script failed with status 3'])
  t.strictSame(await told('kill -9 $$'), ['Running startup script S', 'startup script died of signal 9'])
})

t.test('one that hangs is ended, of a user that there is not it is not begun', async t => {
  t.strictSame(await told('sleep 600', 300), ['Running startup script S', 'startup script was ended after 0.3 s'])
  t.strictSame(await told('true', 300, 'no-such-user'), ["startup script 'S': there is no user no-such-user"])
})

t.test('a program that there is not', async t => {
  const lines: string[] = []
  await runOnce('shutdown script', { words: ['/no/such'], text: '/no/such' }, 1000, {}, line => lines.push(line))
  t.match(lines, ['Running shutdown script /no/such', /^shutdown script was not run: /])
})
