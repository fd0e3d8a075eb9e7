import type { realServerRules as shapes } from '../protocol/real-servers.js'
import { addressOf, destinationSettings, findDestination, findService, portOf } from './keys.js'
import { addNotYetServer, deleteNotYetServer, editNotYetServer, isNotYetServer } from './not-yet-requests.js'
import { done, type OperationsOf } from './operation.js'

export const realServers = {
  'add-destination': {
    changesRules: true,
    run(director, request) {
      if (isNotYetServer(request)) return done(addNotYetServer(director, request))
      const service = findService(director, request.service)
      const { address, port } = request.destination
      const settings = destinationSettings(request.settings)
      return done(director.balancing.addDestination(service, addressOf(address), portOf(port), settings))
    },
  },
  'edit-destination': {
    changesRules: true,
    /** Like the kernel, checks the settings before it looks up the destination (ipvs-behaviour.md §14.1). */
    run(director, request) {
      if (isNotYetServer(request)) return done(editNotYetServer(director, request))
      const service = findService(director, request.service)
      const given = destinationSettings(request.settings)
      if (given.lowerThreshold > given.upperThreshold) return done('ERANGE')
      return done(director.balancing.editDestination(service, findDestination(service, request.destination), given))
    },
  },
  'delete-destination': {
    changesRules: true,
    run(director, request) {
      if (isNotYetServer(request)) return done(deleteNotYetServer(director, request.service, request.destination))
      const service = findService(director, request.service)
      director.balancing.deleteDestination(service, findDestination(service, request.destination))
      return null
    },
  },
} satisfies OperationsOf<keyof typeof shapes>
