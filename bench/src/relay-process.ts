import { createServer, type Socket } from 'node:net'

/** The least a server can do for a new block: on `go`, the same bytes to every socket. */
const message = Buffer.alloc(70, 1)
const sockets: Socket[] = []
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy())
  sockets.push(socket)
  process.send?.({ connected: sockets.length })
})
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 })
})
process.on('message', (question: string) => {
  if (question === 'stop') process.exit(0)
  if (question !== 'go') return
  for (const socket of sockets) socket.write(message)
  process.send?.({ writtenAt: performance.timeOrigin + performance.now() })
})
process.on('disconnect', () => process.exit(0))
