import { connect, createServer } from 'node:net'

/** The least a hop can cost: what comes in on one socket goes out on another, as it is. */
const port = Number(process.argv[2])
const server = createServer({ noDelay: true }, (below) => {
  const above = connect({ host: '127.0.0.1', port, noDelay: true })
  below.pipe(above)
  above.pipe(below)
  below.on('error', () => above.destroy())
  above.on('error', () => below.destroy())
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 })
})
process.on('message', (question: string) => {
  if (question === 'stop') process.exit(0)
})
process.on('disconnect', () => process.exit(0))
