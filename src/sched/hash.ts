import { IpProtocol } from '../wire/ipv4.js'
import type { Flow } from './scheduler.js'

/** 2^32 divided by the golden ratio (Knuth, The Art of Computer Programming, vol. 3, §6.4). */
const GOLDEN = 0x61c88647

/** The top `bits` bits of key × GOLDEN: how sh, dh and lblc spread addresses (ipvs-behaviour.md §3.5, vectors in §15.1). */
export function goldenHash(key: number, bits: number): number {
  return Math.imul(key, GOLDEN) >>> (32 - bits)
}

/** The client's port if the scheduler distinguishes clients by port, else 0. */
export function hashedPort(flow: Flow): number {
  const { protocol } = flow
  const hasPorts = protocol === IpProtocol.TCP || protocol === IpProtocol.UDP || protocol === IpProtocol.SCTP
  return hasPorts ? flow.cport : 0
}
