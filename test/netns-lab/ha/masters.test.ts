import t from 'tap'
import { bothMs, reigns } from '../../../netns-lab/ha/masters.js'
import type { Advert } from '../../../netns-lab/ha/wire-news.js'

/** 'lb1@0 lb2@3609 lb1=0@5000': who, the priority unless it is the usual one, when. */
function adverts(text: string): Advert[] {
  return text.split(' ').map(word => {
    const [, from, priority, at] = /^(lb[12])(?:=(\d+))?@(\d+)$/.exec(word)!
    return { from: from as 'lb1' | 'lb2', priority: Number(priority ?? (from === 'lb1' ? 150 : 100)), atMs: Number(at) }
  })
}

t.test('who was master when', async t => {
  t.strictSame(reigns(adverts('lb1@0 lb1@1000 lb1@2005 lb2@5600 lb2@6600 lb1@9000')), [
    { by: 'lb1', fromMs: 0, toMs: 2005, adverts: 3, longestMs: 1005 },
    { by: 'lb2', fromMs: 5600, toMs: 6600, adverts: 2, longestMs: 1000 },
    { by: 'lb1', fromMs: 9000, toMs: 9000, adverts: 1, longestMs: 0 },
  ])
  t.strictSame(reigns([]), [])
})

t.test('a good-bye ends it, also where the same one comes back', async t => {
  const found = reigns(adverts('lb1@0 lb1=0@500 lb1@900 lb1@1900 lb1=0@2000 lb2=0@2010'))
  t.strictSame(
    found.map(({ by, fromMs, toMs }) => [by, fromMs, toMs]),
    [
      ['lb1', 0, 0],
      ['lb1', 900, 1900],
    ],
  )
})

t.test('how long two were masters at once', async t => {
  const cases: [string, number][] = [
    ['lb1@0 lb1@1000', 0],
    ['lb1@0 lb2@3609 lb2@4609', 0],
    ['lb1@0 lb2@3609 lb1@3900 lb1@4900', 1291],
    ['lb2@0 lb1@500 lb2@1000 lb1@1500', 500],
    ['lb1@0 lb2@500 lb1@1000 lb2@1500 lb1@2000 lb2@2500 lb1@3000', 2500],
    ['lb1@0 lb2@3609 lb2@4609 lb1@8000', 0],
    ['lb1@0 lb1=0@100 lb2@700 lb1=0@900', 0],
  ]
  for (const [text, expected] of cases) t.equal(bothMs(adverts(text), 1500), expected, text)
})
