import { createServer } from 'node:net'

/** The wanted port where it is free, any free one otherwise. */
export function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', wanted === 0 ? reject : () => resolve(freePort(0)))
    probe.listen({ host: '127.0.0.1', port: wanted }, () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : wanted
      probe.close(() => resolve(port))
    })
  })
}
