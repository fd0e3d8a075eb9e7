/*
 * fast-check, drawing from one seed: what `npm test` says depends on the tree alone. UVS_SEED=N draws from another seed,
 * UVS_SEED=random from a new one each time. How many cases a test has time for still depends on the machine.
 */
import { configureGlobal } from 'fast-check'

export * from 'fast-check'

const { UVS_SEED = '20261129' } = process.env
if (UVS_SEED !== 'random' && !/^\d{1,9}$/.test(UVS_SEED))
  throw new Error(`UVS_SEED: '${UVS_SEED}': a number up to 999999999, or random`)

export const seed = UVS_SEED === 'random' ? Math.floor(Math.random() * 1e9) : Number(UVS_SEED)
configureGlobal({ seed })
