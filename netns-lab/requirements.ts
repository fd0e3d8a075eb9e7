import { existsSync } from 'node:fs'
import { run } from './proc.js'
import { which } from './tools.js'

/** Why network namespaces with TAPs cannot be had here; undefined when they can. */
export async function whyNoNamespaces(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'this process is not root'
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun'
  if (!which('ip')) return 'there is no ip program (iproute2)'
  // A container's root may lack CAP_SYS_ADMIN or CAP_NET_ADMIN: only trying tells.
  const probe = `uvs-probe-${process.pid}`
  const added = await run('ip', ['netns', 'add', probe])
  const linked = await run('ip', ['-n', probe, 'link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth1'])
  await run('ip', ['netns', 'delete', probe])
  const refused = [added, linked].find(({ status }) => status !== 0)
  return refused && `a namespace with a veth pair was refused: ${refused.err.trim()}`
}
