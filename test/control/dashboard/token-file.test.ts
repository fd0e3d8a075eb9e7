import { chmodSync, linkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { TokenFile } from '../../../src/control/dashboard/admin/token-file.js'
import { tempDir } from '../../support/temp.js'

const none = (): void => {}

t.test('names and tokens; a token alone is admin’s', async t => {
  const path = join(tempDir(t), 'tokens')
  writeFileSync(path, '# who\n\nalice aaaaaaaaaaaaaaaa\n  bob@host bbbbbbbbbbbbbbbb \ncccccccccccccccc\n', {
    mode: 0o600,
  })
  const tokens = new TokenFile(path, none)
  t.equal(tokens.nameOf('aaaaaaaaaaaaaaaa'), 'alice')
  t.equal(tokens.nameOf('bbbbbbbbbbbbbbbb'), 'bob@host')
  t.equal(tokens.nameOf('cccccccccccccccc'), 'admin')
  for (const wrong of ['', 'alice', 'aaaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaaaa']) t.equal(tokens.nameOf(wrong), undefined)
})

t.test(
  'a file that others may read or have written, or that has no good token, is refused in a line that shows none',
  async t => {
    const folder = tempDir(t)
    const path = join(folder, 'tokens')
    const refusal = (): string => {
      try {
        return `${typeof new TokenFile(path, none)}: not refused`
      } catch (error) {
        return (error as Error).message
      }
    }
    t.match(refusal(), /^--http-admin: there is no .*tokens$/)
    const texts: [string, RegExp][] = [
      ['', /has no token$/],
      ['# none', /has no token$/],
      ['alice short', /line 1: a token of fewer than 16 characters/],
      ['alice a secret-secret-secret', /line 1 is not NAME TOKEN$/],
      ['al:ice secret-secret-secret', /line 1: the name is not/],
    ]
    for (const [text, why] of texts) {
      writeFileSync(path, text, { mode: 0o600 })
      t.match(refusal(), why)
      t.notMatch(refusal(), /secret|short/)
    }
    writeFileSync(path, 'alice secret-secret-secret')
    for (const mode of [0o640, 0o604, 0o666]) {
      chmodSync(path, mode)
      t.match(refusal(), /^--http-admin: [^\n]*others[^\n]*$/, mode.toString(8))
    }
    chmodSync(path, 0o600)
    linkSync(path, join(folder, 'other'))
    t.match(refusal(), /has another name too/)
    symlinkSync('other', join(folder, 'link'))
    t.throws(() => new TokenFile(join(folder, 'link'), none), /^--http-admin: .*is a symbolic link/)
  },
)
