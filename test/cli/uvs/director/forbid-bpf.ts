/*
 * Runs a program of Node's under a seccomp filter that forbids bpf(2), as a container's may:
 *
 *   node forbid-bpf.js EPERM|ENOSYS PROGRAM ARGS…
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import koffi from 'koffi'

// linux/prctl.h, linux/seccomp.h, linux/filter.h
const PR_SET_SECCOMP = 22
const PR_SET_NO_NEW_PRIVS = 38
const SECCOMP_MODE_FILTER = 2
const SECCOMP_RET_ERRNO = 0x0005_0000
const SECCOMP_RET_ALLOW = 0x7fff_0000
const LOAD_WORD = 0x20
const JUMP_IF_EQUAL = 0x15
const RETURN = 0x06
const BPF_CALL = process.arch === 'arm64' ? 280 : 321

const [errno = '', ...words] = process.argv.slice(2)
const prctl = koffi.load(null).func('int prctl(int option, unsigned long, void *, unsigned long, unsigned long)')

/** struct sock_filter of each step: code, jumps if true and if false, operand. */
const steps = [
  [LOAD_WORD, 0, 0, 0], // the number of the call
  [JUMP_IF_EQUAL, 0, 1, BPF_CALL],
  [RETURN, 0, 0, SECCOMP_RET_ERRNO | constants.errno[errno as 'EPERM']],
  [RETURN, 0, 0, SECCOMP_RET_ALLOW],
] as const
const filter = Buffer.alloc(steps.length * 8)
for (const [i, [code, ifTrue, ifFalse, operand]] of steps.entries()) {
  filter.writeUInt16LE(code, i * 8)
  filter.writeUInt8(ifTrue, i * 8 + 2)
  filter.writeUInt8(ifFalse, i * 8 + 3)
  filter.writeUInt32LE(operand, i * 8 + 4)
}
const program = Buffer.alloc(16)
program.writeUInt16LE(steps.length, 0)
program.writeBigUInt64LE(BigInt(koffi.address(filter)), 8)
if (prctl(PR_SET_NO_NEW_PRIVS, 1, null, 0, 0) !== 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) !== 0)
  throw new Error('no seccomp filter may be set here')

const child = spawn(process.execPath, words, { stdio: 'inherit' })
process.on('SIGTERM', () => child.kill('SIGTERM'))
child.on('exit', code => process.exit(code ?? 1))
