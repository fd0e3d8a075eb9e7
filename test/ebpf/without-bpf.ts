/* Forbids this thread bpf(2) by a seccomp filter (seccomp(2)), with an errno; then is hold-front.ts. `node without-bpf.js ERRNO IF …` */
import koffi from 'koffi'
import { arch } from 'node:os'
import { assembleFilter, hear, jumpIfEqual, load32 } from '../../src/linux/classic-filter.js'
import { classicProgram } from '../../src/linux/packet-socket.js'

const PR_SET_NO_NEW_PRIVS = 38
const PR_SET_SECCOMP = 22
const SECCOMP_MODE_FILTER = 2
const SECCOMP_RET_ERRNO = 0x00050000
const SECCOMP_RET_ALLOW = 0x7fff0000
/** struct seccomp_data: the number of the call. */
const NR = 0
const SYS_BPF = arch() === 'arm64' ? 280 : 321

const [errno] = process.argv.splice(2, 1)
const filter = assembleFilter([
  load32(NR),
  jumpIfEqual(SYS_BPF, 'bpf'),
  hear(SECCOMP_RET_ALLOW),
  'bpf',
  hear(SECCOMP_RET_ERRNO | Number(errno)),
])
const prctl = koffi.load(null).func('int prctl(int, unsigned long, uintptr_t, unsigned long, unsigned long)')
prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, classicProgram(filter).address, 0, 0) !== 0)
  throw new Error('no seccomp')
await import('../io/hold-front.js')
