import t from 'tap'
import { goldenHash, hashedPort } from '../../src/sched/hash.js'
import { addr, flowOf } from './pool.js'

t.test('addresses are hashed as the vectors of ipvs-behaviour.md §15.1 say', async t => {
  for (const [text, bucket, withPort, ofLblc] of [
    ['10.0.0.1', 39, 203, 159],
    ['10.0.0.2', 137, 45, 550],
    ['192.168.1.100', 89, 253, 357],
    ['203.0.113.7', 124, 32, 499],
    ['255.255.255.255', 158, 66, 632],
  ] as const) {
    t.equal(goldenHash(addr(text), 8), bucket, `${text}: 8 bits`)
    t.equal(goldenHash(addr(text) + 40_000, 8), withPort, `${text}: 8 bits, with port 40000`)
    t.equal(goldenHash(addr(text), 10), ofLblc, `${text}: 10 bits`)
  }
})

t.test('it is the top bits of the product modulo 2^32', async t => {
  for (const key of [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 0x12345678, 2 ** 32 + 5])
    for (const bits of [1, 8, 10, 16]) {
      const product = (BigInt(key) * 0x61c88647n) & 0xffffffffn
      t.equal(goldenHash(key, bits), Number(product >> BigInt(32 - bits)), `${key}, ${bits} bits`)
    }
})

t.test('the port counts where the protocol has ports', async t => {
  for (const [protocol, port] of [
    [6, 1234],
    [17, 1234],
    [132, 1234],
    [1, 0],
    [50, 0],
    [51, 0],
  ] as const)
    t.equal(hashedPort(flowOf('10.0.0.1:1234', '10.0.0.9', protocol)), port, `protocol ${protocol}`)
})
