import t from 'tap'
import { countedLine } from '../../netns-lab/counted-connections.js'

t.test(
  'fewer connections counted than begun are explained where the servers’ FINs do not pass the director',
  async t => {
    for (const mode of ['dr', 'tun'] as const) {
      t.match(
        countedLine(mode, 5038, 4661),
        /^\(In all the client began 5038 connections, the director counts 4661: 377 came /,
      )
      t.equal(countedLine(mode, 5038, 5038), undefined)
    }
    for (const mode of ['nat', 'fullnat'] as const) t.equal(countedLine(mode, 5038, 4661), undefined)
  },
)
