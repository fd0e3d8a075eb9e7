import t from 'tap'
import { isRuleChange, type Request } from '../../../src/control/protocol/api.js'
import { SHAPES } from '../../../src/control/protocol/operations.js'
import { noReply } from '../../../src/control/socket/patience.js'

t.test('who may have changed rules is told to look, of exactly the operations that change rules', async t => {
  const told = Object.keys(SHAPES).filter(op => noReply({ op } as Request, 'here', 1000).includes('uvsadm -Ln'))
  const changes = Object.keys(SHAPES).filter(op => isRuleChange({ op }))
  t.ok(changes.length >= 8)
  t.strictSame(told.toSorted(), [...changes, 'batch', 'commit', 'flush'].toSorted())
})
