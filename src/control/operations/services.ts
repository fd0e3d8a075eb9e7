import type { ScheduledService } from '../../director/rules/scheduled-service.js'
import type { Director } from '../../director/director.js'
import type { NotYetService } from '../../service/not-yet.js'
import type { ServiceSettings } from '../../service/service-settings.js'
import { formatIpv4 } from '../../wire/addr.js'
import { Refused } from '../protocol/refusal.js'
import type { ServiceKey } from '../protocol/service-key.js'
import type { services as shapes, ServiceSettingsInfo } from '../protocol/services.js'
import { findService, serviceIdentity, serviceSettings } from './keys.js'
import { mergeServices } from './merge.js'
import { addNotYet, editNotYet, findNotYet, isNotYet } from './not-yet-requests.js'
import { done, type OperationsOf } from './operation.js'
import { servicePage } from './service-page.js'

export const services = {
  'add-service': {
    changesRules: true,
    changesAddresses: true,
    run(director, { service, settings }) {
      if (isNotYet(service)) return done(addNotYet(director, service, settings))
      const { balancing } = director
      return done(balancing.addService(serviceIdentity(service), settingsFor(director, settings), settings.scheduler))
    },
  },
  'edit-service': {
    changesRules: true,
    run(director, { service, settings }) {
      if (isNotYet(service)) return done(editNotYet(director, service, settings))
      const { balancing } = director
      return done(
        balancing.editService(findService(director, service), settingsFor(director, settings), settings.scheduler),
      )
    },
  },
  'delete-service': {
    changesRules: true,
    changesAddresses: true,
    *steps(director, { service }) {
      const { balancing } = director
      if (isNotYet(service)) balancing.notYet.deleteService(findNotYet(director, service))
      else yield* balancing.deletingService(findService(director, service))
      return null
    },
  },
  flush: {
    changesRules: true,
    changesAddresses: true,
    *steps({ balancing }) {
      yield* balancing.flushing()
      return null
    },
  },
  zero: {
    *steps(director, { service }) {
      if (service && isNotYet(service)) findNotYet(director, service)
      else yield* director.balancing.zeroing(service && findService(director, service))
      return null
    },
  },
  services: {
    merge: mergeServices,
    run: (director, { service, from }) => servicePage(director, service && findListed(director, service), from),
  },
} satisfies OperationsOf<keyof typeof shapes>

/** Refuses a netmask that spreads the clients of a template over several workers. */
function settingsFor({ clientMask }: Director, given: ServiceSettingsInfo): ServiceSettings {
  const settings = serviceSettings(given)
  const { persistence, netmask } = settings
  if (persistence > 0 && clientMask !== undefined && (clientMask & ~netmask) !== 0) {
    const mask = formatIpv4(netmask)
    const message = `-M ${mask} groups clients that the director spreads over several workers: start it with --steer-mask ${mask}, or with one worker`
    throw new Refused('EOPNOTSUPP', message)
  }
  return settings
}

/** A service, served or only kept. */
function findListed(director: Director, key: ServiceKey): ScheduledService | NotYetService {
  return isNotYet(key) ? findNotYet(director, key) : findService(director, key)
}
