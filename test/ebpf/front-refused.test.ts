import { execFileSync } from 'node:child_process'
import { constants } from 'node:os'
import t from 'tap'
import { whatIsMissing, whyNoBpf } from '../../src/ebpf/front-refused.js'
import { SystemError } from '../../src/linux/libc.js'
import { ownNetwork, veth } from '../linux/own-network.js'

const FULL = '000001ffffffffff'
const WHOLE = '         0          0 4294967295\n'
const { EPERM, EACCES, ENOSYS, EINVAL, ENOENT, E2BIG } = constants.errno

function missing(
  errno: number,
  { CapEff = FULL, Seccomp = 0, uidMap = WHOLE, release = '6.1.0-18-amd64' } = {},
): string {
  const status = `Name:\tnode\nCapPrm:\t${FULL}\nCapEff:\t${CapEff}\nNoNewPrivs:\t0\nSeccomp:\t${Seccomp}\nSeccomp_filters:\t1\n`
  return whatIsMissing(new SystemError('what', errno), { status, uidMap, release })
}

/** A process with only these capabilities, numbers. */
function only(...bits: number[]): { CapEff: string } {
  return {
    CapEff: bits
      .reduce((sum, bit) => sum + 2 ** bit, 0)
      .toString(16)
      .padStart(16, '0'),
  }
}

t.test('what is not about privileges stays in the system’s words', async t => {
  const full = new SystemError('making an eBPF map', E2BIG)
  t.equal(whyNoBpf(full), full.message)
  t.notMatch(whyNoBpf(new SystemError('making an eBPF map', ENOSYS)), /making/)
})

t.test('what is missing is named', async t => {
  t.equal(missing(EPERM, only(12, 13)), 'CAP_BPF is missing')
  t.equal(missing(EPERM, only(39, 13)), 'CAP_NET_ADMIN is missing')
  t.equal(missing(EPERM, only(21)), 'CAP_NET_ADMIN is missing')
  t.equal(missing(EPERM, only(13)), 'CAP_BPF and CAP_NET_ADMIN are missing')
  t.equal(missing(EPERM, { ...only(12, 39), release: '5.4.0' }), 'CAP_SYS_ADMIN is missing')
  t.equal(missing(EPERM, { ...only(12, 39), Seccomp: 2 }), 'a seccomp filter forbids bpf(2)')
  t.equal(missing(EPERM, { Seccomp: 2, release: '5.10.0-28' }), 'a seccomp filter forbids bpf(2)')
  t.equal(
    missing(EPERM, { uidMap: '         0       1000          1\n' }),
    'capabilities of a user namespace do not count for bpf(2)',
  )
  t.match(missing(EPERM), /^the kernel forbids bpf\(2\)/)
  t.equal(missing(EACCES), 'this kernel, 6.1.0-18-amd64, refuses its programs (EACCES)')
  t.equal(missing(ENOSYS), 'the kernel has no bpf(2), or a seccomp filter hides it')
  for (const errno of [EINVAL, ENOENT])
    t.match(
      missing(errno),
      /^neither tcx \(Linux 6\.6\) nor clsact with cls_bpf is in this kernel, 6\.1\.0-18-amd64 \(what: /,
    )
  t.equal(missing(E2BIG), 'what: argument list too long (E2BIG)')
})

const skip = ownNetwork()

/** What a process says that wants a front and may not have it. */
function said(command: string, ...words: string[]): string {
  return execFileSync(command, [...words, 'vb', '10.0.0.1/32', 'tcx', 'keep'], { encoding: 'utf8' })
}
const refusal = (why: string): string =>
  `vb cannot be shared with the kernel: ${why}; give uvs an interface of its own, with --address\n`

t.test('one line says it', { skip }, async t => {
  veth('va', 'vb')
  const holdFront = new URL('../io/hold-front.js', import.meta.url).pathname
  const withoutBpf = new URL('without-bpf.js', import.meta.url).pathname
  const withOnly = (capabilities: string): string =>
    said('setpriv', `--bounding-set=-all,${capabilities}`, process.execPath, holdFront)
  t.equal(withOnly('+net_admin,+net_raw'), refusal('CAP_BPF is missing'))
  t.equal(withOnly('+bpf,+net_raw'), refusal('CAP_NET_ADMIN is missing'))
  t.equal(said(process.execPath, withoutBpf, String(EPERM)), refusal('a seccomp filter forbids bpf(2)'))
  t.equal(
    said(process.execPath, withoutBpf, String(ENOSYS)),
    refusal('the kernel has no bpf(2), or a seccomp filter hides it'),
  )
})
