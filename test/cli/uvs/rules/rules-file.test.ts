import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { UsageError } from '../../../../src/director/options.js'
import { badLine } from '../../../../src/cli/uvs/rules/parsed-rules.js'
import { readRules, ruleLines } from '../../../../src/cli/uvs/rules/rules-file.js'
import { tempDir } from '../../../support/temp.js'

t.test('lines with their places; empty ones and comments are left out', async t => {
  const file = join(tempDir(t), 'rules')
  writeFileSync(file, '# rules\n\n  -A -t 10.0.0.1:80   -s rr\r\n-a -t 10.0.0.1:80 -r 10.0.0.2 -m\n\t\n-Z')
  t.strictSame(
    [...readRules(file)],
    [
      { words: ['-A', '-t', '10.0.0.1:80', '-s', 'rr'], line: 3, place: `${file} line 3` },
      { words: ['-a', '-t', '10.0.0.1:80', '-r', '10.0.0.2', '-m'], line: 4, place: `${file} line 4` },
      { words: ['-Z'], line: 6, place: `${file} line 6` },
    ],
  )
})

t.test('nothing in a file is no line', async t => {
  t.strictSame([...readRules('/dev/null')], [])
})

t.test('a pipe is read to its end', async t => {
  const dir = tempDir(t)
  const pipe = join(dir, 'pipe')
  execFileSync('mkfifo', [pipe])
  const lines = '-Z\\n'.repeat(3)
  const writer = `(sleep 0.1; printf -- '${lines}'; sleep 0.1; printf -- '${lines}') >${pipe} &`
  execFileSync('sh', ['-c', writer], { stdio: 'ignore' })
  t.equal([...readRules(pipe)].length, 6)
})

t.test('what cannot be read, or has no end, is one line', async t => {
  const dir = tempDir(t)
  t.throws(
    () => [...readRules(`${dir}/absent`)],
    new UsageError(`--rules: cannot read ${dir}/absent: no such file or directory`),
  )
  t.throws(() => [...readRules(dir)], new UsageError(`--rules: cannot read ${dir}: illegal operation on a directory`))
  const long = join(dir, 'long')
  writeFileSync(long, `# ${'x'.repeat(5000)}\n-A ${'x'.repeat(4094)}\n`)
  t.throws(() => [...readRules(long, '')], new UsageError(`${long} line 2 is longer than 4096 characters`))
  t.throws(() => [...readRules('/dev/zero')], new UsageError('--rules: /dev/zero is larger than 64 MiB'))
})

t.test('lines of a text, by the name that it is given', async t => {
  t.strictSame(
    [...ruleLines('-A -f 1\n\n# c\n-A -f 2', '/uvs/rules')],
    [
      { words: ['-A', '-f', '1'], line: 1, place: '/uvs/rules line 1' },
      { words: ['-A', '-f', '2'], line: 4, place: '/uvs/rules line 4' },
    ],
  )
  const long = `-A ${'x'.repeat(5000)}`
  t.throws(() => [...ruleLines(long, '/uvs/rules')], { message: '/uvs/rules line 1 is longer than 4096 characters' })
})

t.test('a word that would steer the terminal is shown as such', async t => {
  const [line] = ruleLines('-A \x1b[2J \u202eb:01 \u2066', 'the rules,')
  t.equal(badLine(line!, 'no').message, 'the rules, line 1: no (-A \ufffd[2J \ufffdb:01 \ufffd)')
})
