import { whyNoVipHere } from '../../director/rules/configure.js'
import type { vips as shapes } from '../protocol/routes.js'
import { Refused } from '../protocol/refusal.js'
import { cidrOf } from './keys.js'
import type { OperationsOf } from './operation.js'

export const vips = {
  'add-vip': {
    changesAddresses: true,
    run({ ownAddresses, routes }, { cidr }) {
      const block = cidrOf(cidr)
      const why = whyNoVipHere(block, routes)
      if (why !== undefined) throw new Refused('EINVAL', `'${cidr}': ${why}`)
      ownAddresses.addBlock(block)
      return null
    },
  },
  'delete-vip': {
    changesAddresses: true,
    run({ ownAddresses }, { cidr }) {
      if (!ownAddresses.deleteBlock(cidrOf(cidr))) throw new Refused('ESRCH', `${cidr} is no --vip`)
      return null
    },
  },
} satisfies OperationsOf<keyof typeof shapes>
