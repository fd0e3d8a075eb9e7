import { connectControl } from '../../src/control/socket/client.js'

const FIRST_PORT = 20_000
const SETTINGS = { scheduler: 'rr', persistence: 0, netmask: '255.255.255.255', onePacket: false, schedFlags: 0 }

/** Gives a director so many services more, which get no packets: on other ports of the VIP. */
export async function addIdleServices(path: string, vip: string, count: number): Promise<void> {
  const control = connectControl(path, { ms: 60_000 })
  try {
    const replies = Array.from({ length: count }, (_, i) => {
      const service = { protocol: 'tcp', address: vip, port: FIRST_PORT + i } as const
      return control.call({ op: 'add-service', service, settings: SETTINGS })
    })
    for (const reply of await Promise.all(replies)) if (!reply.ok) throw new Error(reply.message)
  } finally {
    control.close()
  }
}
