import { createServer, type RequestListener } from 'node:http'
import { Gauge, Registry } from 'prom-client'
import { allServices } from './all-services.js'
import type { Control, ServiceKey, Stats } from './api.js'

/** Serves Prometheus' text form at /metrics until closed. Error of one line if it cannot listen. */
export async function serveMetrics(
  at: { host: string; port: number },
  control: Control,
): Promise<{ port: number; close(): Promise<void> }> {
  const registry = metricsOf(control)
  const server = createServer(listener(registry))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(`--http: cannot listen on ${at.host}:${at.port}: ${error.code}`)),
    )
    server.listen(at.port, at.host, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : at.port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listener(registry: Registry): RequestListener {
  return async (request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('only /metrics is here\n')
      return
    }
    const text = await registry.metrics()
    response.writeHead(200, { 'content-type': registry.contentType }).end(text)
  }
}

/** Read from the director whenever they are asked for; totals are as `uvsadm -L --stats` shows them. */
function metricsOf(control: Control): Registry {
  const registry = new Registry()
  const frames = new Gauge({
    name: 'uvs_frames',
    help: 'Frames by what became of them since start',
    labelNames: ['verdict'],
    registers: [registry],
    async collect() {
      const reply = await control.call({ op: 'verdicts' })
      if (reply.ok) for (const [verdict, count] of Object.entries(reply.value)) frames.set({ verdict }, count)
    },
  })
  const labelNames = ['protocol', 'address', 'real', 'figure'] as const
  const servers = new Gauge({
    name: 'uvs_real_server',
    help: 'Figures of each real server of each virtual service',
    labelNames,
    registers: [registry],
    async collect() {
      const reply = await allServices(control)
      servers.reset()
      if (!reply.ok) return
      for (const service of reply.value)
        for (const { address, port, weight, activeConns, inactConns, stats } of service.destinations) {
          const labels = { ...serviceLabels(service), real: `${address}:${port}` }
          const figures: Record<keyof Stats | string, number> = { weight, activeConns, inactConns, ...stats }
          for (const [figure, value] of Object.entries(figures)) servers.set({ ...labels, figure }, value)
        }
    },
  })
  return registry
}

function serviceLabels(service: ServiceKey): { protocol: string; address: string } {
  if ('mark' in service) return { protocol: 'fwm', address: String(service.mark) }
  return { protocol: service.protocol, address: `${service.address}:${service.port}` }
}
