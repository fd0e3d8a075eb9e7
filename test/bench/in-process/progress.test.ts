import t from 'tap'
import { Progress } from '../../../bench/in-process/progress.js'

function shown(isTTY: boolean) {
  let [text, now] = ['', 0]
  const progress = new Progress({ isTTY, write: piece => (text += piece) }, () => now)
  return { progress, text: () => text, wait: (ms: number) => (now += ms) }
}

t.test('on a terminal: one line, written over', async t => {
  const { progress, text } = shown(true)
  progress.say('a')
  progress.say('b')
  progress.clear()
  t.equal(text(), '\r\x1b[Ka\r\x1b[Kb\r\x1b[K')
})

t.test('elsewhere: a line at once, then at most one every five seconds', async t => {
  const { progress, text, wait } = shown(false)
  progress.say('a')
  wait(4999)
  progress.say('b')
  wait(1)
  progress.say('c')
  progress.clear()
  t.equal(text(), 'a\nc\n')
})
