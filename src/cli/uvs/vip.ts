import type { Control, Outcome } from '../../control/protocol/api.js'
import { parseVip } from '../../director/options.js'
import { CONTROL } from '../command.js'
import type { UvsCommand } from './command.js'
import { type Given, readOptions } from './options/read-options.js'
import { withDirector } from './with-director.js'

export const vip: UvsCommand = {
  name: 'vip',
  help: `Claims an address, or a block, while the director runs, as its --vip does at the start; or lets it go.
The director then answers ARP for it, and announces a single one; for what the kernel holds the kernel answers.
By rules alone a --standby claims nothing, nor does a director beside the kernel: so a notify script moves the address.`,
  forms: [
    {
      words: [{ value: 'add|del', choices: ['add', 'del'] }, { value: 'ADDR|CIDR' }],
      options: [CONTROL],
    },
  ],
  async run(args) {
    const given = readOptions(vip, args)
    return withDirector(given, control => changeVip(control, given))
  },
}

export async function changeVip(control: Control, { words }: Given): Promise<Outcome> {
  const [verb, cidr = ''] = words
  parseVip(cidr, `'${cidr}'`)
  const reply = await control.call({ op: verb === 'add' ? 'add-vip' : 'delete-vip', cidr })
  if (!reply.ok) throw new Error(reply.message)
  return { status: 0, out: '', err: '' }
}
