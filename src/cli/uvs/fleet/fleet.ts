import { Raced } from '../../../fleet/write/raced.js'
import { print } from '../../command.js'
import type { UvsCommand } from '../command.js'
import { readOptions } from '../options/read-options.js'
import { complain } from '../run-uvs.js'
import { applyFile, planFile } from './apply-fleet.js'
import { drainDirector } from './drain-director.js'
import { drainServer } from './drain-server.js'
import { FLEET_FORMS } from './fleet-options.js'
import { withFleet } from './fleet-session.js'
import { showFleet } from './show-fleet.js'
import { statusFleet } from './status-fleet.js'

/** Somebody else wrote meanwhile. */
const RACED = 3

export const fleet: UvsCommand = {
  name: 'fleet',
  help: `Writes the rules that several directors share to etcd, and shows who has them (docs/fleet.md).
plan shows what apply would change, as uvs plan does. apply makes the rules those of FILE, all of them or none, and only if nobody
writes meanwhile. show prints them as FILE has them. drain sets a real server's weight to 0, or marks a director that is to be
drained, and waits until it has no connection left. status shows each director, its rules and its load. No director is asked, only etcd.
Status: 0; 1 refused, of status that something is not well; 2 usage or a bad line of FILE; 3 somebody else wrote meanwhile, and nothing was written.`,
  forms: FLEET_FORMS,
  async run(args) {
    const given = readOptions(fleet, args)
    try {
      return await withFleet(given, async session => {
        switch (given.words[0]) {
          case 'plan':
            return print({ status: 0, out: await planFile(given, session), err: '' })
          case 'apply':
            return print({ status: 0, out: await applyFile(given, session), err: '' })
          case 'drain': {
            const director = given.one('--director')
            return director === undefined ? drainServer(given, session) : drainDirector(given, director, session)
          }
          case 'status':
            return print(await statusFleet(given, session))
          default:
            return print(await showFleet(given, session))
        }
      })
    } catch (error) {
      if (!(error instanceof Raced)) throw error
      complain('fleet', error.message)
      return RACED
    }
  },
}
