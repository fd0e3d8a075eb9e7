import { peerThatIsThere } from './ha-demo.js'
import { HaLab, type HaLabOptions } from './ha-lab.js'
import { PORT, SPREAD, STICKY } from './ha-plan.js'
import { uvsCommand } from '../tools.js'

/** `uvs lab up ha`: builds the lab with both directors, and leaves it standing. */
export async function haUp(options: Omit<HaLabOptions, 'stays'>, print: (line: string) => void): Promise<number> {
  const lab = await HaLab.build({ ...options, peer: peerThatIsThere(options.peer, print), stays: true })
  try {
    for (const name of ['rs1', 'rs2']) print(`${name}$ uvs ${HaLab.realServer().join(' ')}`)
    for (const name of ['lb1', 'lb2'] as const) {
      for (const command of lab.commands(name)) print(`${name}$ ${command.join(' ')}`)
      await lab.start(name)
    }
    const uvs = uvsCommand()
    print(`The lab is up. Try: ${uvs} lab exec client curl -s http://${STICKY}:${PORT}/ http://${SPREAD}:${PORT}/`)
    print(`               and: ${uvs} lab exec lb1 ip -4 addr show dev eth0`)
    print(`               and: ${uvs} lab exec wire ip link set to-lb1 down`)
    print(`               and: ${uvs} lab exec client tcpdump -ni eth0 proto 112 or arp`)
    print(`              then: ${uvs} lab exec lb2 uvsadm -Ln`)
    print(`     and at the end: ${uvs} lab down`)
    return 0
  } catch (error) {
    await lab.remove()
    throw error
  }
}
