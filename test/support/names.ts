import { builtInServices, type Names } from '../../src/cli/uvsadm/options/names.js'

/** Port names as in Debian's /etc/services, hosts as given; asks no one. */
export function fakeNames(hosts: Record<string, string> = {}): Names {
  return {
    ...builtInServices,
    addressOf: async host => Object.keys(hosts).find(address => hosts[address] === host),
    async hostsOf(addresses) {
      return new Map([...addresses].flatMap(address => (hosts[address] ? [[address, hosts[address]]] : [])))
    },
  }
}
