import type { realServerRules as shapes } from '../protocol/real-servers.js'
import { addressOf, destinationSettings, findDestination, findService, portOf } from './keys.js'
import { addNotYetServer, deleteNotYetServer, editNotYetServer, isNotYetServer } from './not-yet-requests.js'
import { done, refuse, type OperationsOf } from './operation.js'

export const realServers = {
  'add-destination': {
    changesRules: true,
    run(director, request) {
      if (isNotYetServer(request)) return done(addNotYetServer(director, request))
      const service = findService(director, request.service)
      const { address, port } = request.destination
      const settings = destinationSettings(request.settings)
      const addr = addressOf(address)
      refuse(director.localNode.refuseServer(addr, settings.method, service))
      return done(director.balancing.addDestination(service, addr, portOf(port), settings))
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
      const dest = findDestination(service, request.destination)
      refuse(director.localNode.refuseServer(dest.addr, given.method, service))
      return done(director.balancing.editDestination(service, dest, given))
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
