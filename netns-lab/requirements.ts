import { existsSync } from 'node:fs'
import { run } from './proc.js'
import { which } from './tools.js'

/** Why network namespaces with TAPs are not available here; undefined if they are. */
export async function whyNoNamespaces(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'this process is not root'
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun'
  if (!which('ip')) return 'there is no ip program (iproute2)'
  if (!which('unshare')) return undefined // building the lab will show then
  // A container's root may lack CAP_SYS_ADMIN or CAP_NET_ADMIN: only trying shows. This leaves nothing behind.
  const veth = ['ip', 'link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth1']
  const { status, err } = await run('unshare', ['--net', ...veth])
  return status === 0 ? undefined : `a namespace with a veth pair was refused: ${err.trim()}`
}
