import type { NetnsLab } from '../../netns-lab/netns-lab.js'

/** Every veth end of the lab: full checksums, frames of the wire's size, none put together. */
export async function offloadsOff(lab: NetnsLab): Promise<void> {
  const { client, routers, servers } = lab.options.plan
  for (const { name } of [client, { name: 'director' }, ...routers, ...servers]) {
    const links = JSON.parse(await lab.spaces.must(name, 'ip', ['-j', 'link', 'show', 'type', 'veth'])) as {
      ifname: string
    }[]
    for (const { ifname } of links) {
      const options = ['rx', 'tx', 'tso', 'gso', 'gro'].flatMap(option => [option, 'off'])
      await lab.spaces.must(name, 'ethtool', ['-K', ifname, ...options])
    }
  }
}
