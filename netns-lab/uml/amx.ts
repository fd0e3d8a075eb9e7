import { readFileSync } from 'node:fs'
import koffi from 'koffi'
import { classicProgram } from '../../src/linux/packet-socket.js'

/*
 * Linux 6.1 as a process saves its programs' registers by ptrace(PTRACE_GETREGSET, NT_X86_XSTATE) in a buffer that is
 * too small for a CPU with AMX, and its first program dies of that. If the call fails when it is tried at
 * boot, the kernel uses the older PTRACE_GETFPREGS, which suffices for programs that keep to SSE.
 */
const PTRACE = 101
const PTRACE_GETREGSET = 0x4204
const PTRACE_SETREGSET = 0x4205
const NT_X86_XSTATE = 0x202

/** A classic BPF program over struct seccomp_data, as in packet-socket.ts. */
const FILTER: readonly (readonly [number, number, number])[] = [
  [0x20, 0, 0], // the call's number
  [0x15, 0x0500, PTRACE],
  [0x20, 0, 16], // its request
  [0x15, 0x0001, PTRACE_GETREGSET],
  [0x15, 0x0200, PTRACE_SETREGSET],
  [0x20, 0, 32], // which registers
  [0x15, 0x0001, NT_X86_XSTATE],
  [0x06, 0, 0x7fff0000], // SECCOMP_RET_ALLOW
  [0x06, 0, 0x00050005], // SECCOMP_RET_ERRNO: EIO
]
const PR_SET_NO_NEW_PRIVS = 38
const PR_SET_SECCOMP = 22
const SECCOMP_MODE_FILTER = 2

/** Without those calls the upper halves of long registers are lost at times, so the kernel's programs must avoid them. */
const NO_LONG_REGISTERS = 'GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-AVX_Fast_Unaligned_Load'

let isRefused = false

/**
 * On a CPU with AMX, makes those calls fail in processes that this thread starts from now on (seccomp(2)). Returns the
 * additions to the kernel's command line.
 */
export function refuseXstateWhereAmx(): string[] {
  if (!/^flags\b.* amx_tile\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'))) return []
  const prctl = koffi.load(null).func('int prctl(int option, unsigned long a, uintptr_t b, unsigned long c, long d)')
  isRefused ||=
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) === 0 &&
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, classicProgram(FILTER).address, 0, 0) === 0
  return isRefused ? [NO_LONG_REGISTERS] : []
}
