import { spawnSync } from 'node:child_process'
import t from 'tap'
import { entries, manPage, paragraph, section, synopsis, verbatim } from '../../../../src/cli/uvs/man/man-page.js'
import { runCommand } from '../../../support/run-command.js'

t.test('text cannot be taken for requests and escapes', async t => {
  const page = manPage('x', "it's \\ a-b", '1', '2025-01-31', [
    section('A', paragraph('.so\n.end'), verbatim(['.nf `q` …'])),
    section('B', synopsis(['uvs a-b']), entries([{ term: 't', text: "'x" }])),
  ])
  t.equal(
    page,
    String.raw`.TH X 8 2025-01-31 "uvs 1" "uvs"
.SH NAME
x \- it\(aqs \e a\-b
.SH A
\&.so
\&.end
.PP
.RS 4
.nf
\&.nf \(gaq\(ga ...
.fi
.RE
.SH B
.nf
\fBuvs\fR a\-b
.fi
.TP
t
\(aqx
`,
  )
})

const SECTIONS = ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'COMMANDS', 'EXIT STATUS', 'FILES', 'EXAMPLES', 'SEE ALSO']

t.test('both pages have what a page has', async t => {
  for (const page of ['uvs', 'uvsadm']) {
    const { status, out, err } = await runCommand('man', '', page)
    t.strictSame([status, err], [0, ''])
    for (const title of SECTIONS) t.match(out, new RegExp(`^\\.SH ${title}$`, 'm'), `${page}: ${title}`)
  }
  t.match(await runCommand('man', ''), { status: 0, out: /^\.TH UVS 8 / })
  t.match(await runCommand('man', '', 'ipvsadm'), {
    status: 2,
    err: "uvs man: 'ipvsadm': it may be uvs, uvsadm (uvs man --help)\n",
  })
})

const CHECKS = [
  ['mandoc', '-T', 'lint', '-W', 'warning'],
  ['groff', '-ww', '-man', '-Tutf8', '-z'],
] as const

for (const [program, ...args] of CHECKS) {
  const skip = spawnSync(program, ['-h']).error ? `${program} is not installed` : false
  t.test(`${program} finds nothing wrong`, { skip }, async t => {
    for (const page of ['uvs', 'uvsadm']) {
      const { out } = await runCommand('man', '', page)
      const { stdout, stderr } = spawnSync(program, args, { input: out, encoding: 'utf8' })
      t.equal(stdout + stderr, '', page)
    }
  })
}
