import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import koffi from 'koffi'

const CLONE_NEWNET = 0x40000000

/**
 * Gives this process, and all it starts from now on, a network namespace of its own, with nothing but `lo` in it. It is
 * nameless and ends with the process, so nothing can be left behind. Answers why that cannot be, or false.
 */
export function ownNetwork(): string | false {
  if (process.getuid?.() !== 0) return 'not root'
  try {
    execFileSync('ip', ['-V'])
  } catch {
    return 'there is no ip (iproute2)'
  }
  const unshare = koffi.load(null).func('int unshare(int flags)')
  return unshare(CLONE_NEWNET) === 0 ? false : 'no network namespace may be made here'
}

/** As `ownNetwork`, where TAP devices are needed too. */
export function ownNetworkWithTap(): string | false {
  return existsSync('/dev/net/tun') ? ownNetwork() : 'there is no /dev/net/tun'
}

export function ip(line: string): string {
  return execFileSync('ip', line.split(' '), { encoding: 'utf8' })
}

/** A wire with two ends, up, and silent but for what is sent on it. */
export function veth(a: string, b: string): void {
  ip(`link add ${a} type veth peer name ${b}`)
  for (const name of [a, b]) {
    silence(name)
    ip(`link set ${name} up`)
  }
}

/** Keeps the kernel from saying anything by an interface of its own accord. */
export function silence(name: string): void {
  execFileSync('sh', ['-c', `echo 1 > /proc/sys/net/ipv6/conf/${name}/disable_ipv6 || true`], { stdio: 'ignore' })
}
