import t from 'tap'
import { type Node, recordingNames, recordingOf } from './recording.js'
import { Replay } from './replay.js'

/* Every recorded run of the real keepalived, given to the state machine. */

/** A virtual route that is lost ends the mastership there; uvs sets no routes. */
const LEFT_OUT = ['routes']

/** Of all runs: how much later the real one sent than the machine was due. */
const late: number[] = []

for (const name of recordingNames().filter(name => !LEFT_OUT.includes(name))) {
  void t.test(name, async t => {
    const recording = recordingOf(name)
    for (const node of Object.keys(recording.configurations) as Node[]) {
      const { problems, transitions, recordedTransitions, lateMs, adverts } = new Replay(recording, node).run()
      t.strictSame(problems.slice(0, 6), [], `${node}: adverts and announcements`)
      // A fault right at the start is not logged by the real one.
      if (name === 'script-init-no-fail') transitions.shift()
      t.strictSame([...transitions].sort(), [...recordedTransitions].sort(), `${node}: transitions`)
      late.push(...lateMs)
      t.comment(`${node}: ${adverts} adverts`)
    }
  })
}

t.test('times are those of the record: within a tick of 10 ms, but where the recorder was busy', async t => {
  const within = (mostMs: number): number => late.filter(lateMs => lateMs <= mostMs).length / late.length
  t.ok(late.length > 700, `${late.length} adverts`)
  t.ok(within(2) > 0.5, `${(within(2) * 100).toFixed(0)} % at most 2 ms late`)
  t.ok(within(10) > 0.75, `${(within(10) * 100).toFixed(0)} % at most 10 ms`)
  t.ok(Math.min(...late) > -10, 'none early')
})
