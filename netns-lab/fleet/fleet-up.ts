import { FleetLab, type FleetLabOptions } from './fleet-lab.js'
import { DIRECT, DIRECTORS, PORT } from './fleet-plan.js'
import { uvsCommand } from '../tools.js'

/** `uvs lab up fleet`: builds the lab with its three directors, and leaves it standing. */
export async function fleetUp(options: Omit<FleetLabOptions, 'stays'>, print: (line: string) => void): Promise<number> {
  const lab = await FleetLab.build({ ...options, stays: true })
  try {
    for (const name of DIRECTORS) {
      print(`${name}$ uvs ${lab.arguments(name).join(' ')}`)
      await lab.start(name)
    }
    for (const line of lab.rulesAsTyped('d1')) print(line)
    const uvs = uvsCommand()
    print(`The lab is up. Try: ${uvs} lab exec client curl -s http://${DIRECT}:${PORT}/`)
    print(`               and: ${uvs} lab exec router ip route`)
    print(`               and: ${uvs} lab exec d1 ip addr show dev uvs0`)
    print(`               and: ${uvs} lab exec d1 uvs drain --director`)
    print(`               and: ${uvs} lab exec wire ip link set to-d2 down`)
    print(`     and at the end: ${uvs} lab down`)
    return 0
  } catch (error) {
    await lab.remove()
    throw error
  }
}
