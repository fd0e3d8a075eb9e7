import t from 'tap'
import { FlowBatch } from '../../../src/director/offload/flow-batch.js'
import { EPOCH, EPOCH_STEP, SLOT_WORDS, SlotState } from '../../../src/packet/flow-slot.js'

t.test('flows are entered when the turn ends, but for those that have left or are watched', async t => {
  const slots = new Int32Array(8 * SLOT_WORDS)
  const batch = new FlowBatch(slots)
  const epochs = [
    SlotState.FREE,
    -EPOCH_STEP,
    -EPOCH_STEP - 15,
    SlotState.RESTING,
    SlotState.WATCHED,
    SlotState.CLAIMED,
  ]
  epochs.forEach((epoch, slot) => {
    slots[slot * SLOT_WORDS + EPOCH] = epoch
    batch.enter(slot)
  })
  const all = (): number[] => epochs.map((_, slot) => slots[slot * SLOT_WORDS + EPOCH]!)
  t.strictSame(all(), epochs, 'not before')
  batch.flush()
  const { FREE, RESTING, WATCHED, CLAIMED } = SlotState
  t.strictSame(all(), [FREE, EPOCH_STEP, EPOCH_STEP + 15, RESTING, WATCHED, CLAIMED])
  slots[EPOCH] = -EPOCH_STEP
  batch.flush()
  t.equal(slots[EPOCH], -EPOCH_STEP, 'each once')
})

t.test('where there are more than a batch has room for, they are entered at once', async t => {
  const slots = new Int32Array(3000 * SLOT_WORDS)
  const batch = new FlowBatch(slots)
  for (let slot = 0; slot < 3000; slot++) {
    slots[slot * SLOT_WORDS + EPOCH] = -EPOCH_STEP
    batch.enter(slot)
  }
  batch.flush()
  const missed = Array.from({ length: 3000 }, (_, slot) => slot).filter(
    slot => slots[slot * SLOT_WORDS + EPOCH] !== EPOCH_STEP,
  )
  t.strictSame(missed, [])
})
