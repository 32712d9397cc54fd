import { createServer } from 'node:net'
import { meetsTarget, writeHeader } from '@sv2/bitcoin'
import { fastSha256d } from '@sv2/runtime'

/**
 * The baseline: the least a Stratum V1 pool does for a share. Splits lines, parses JSON, checks the worker and the
 * duplicate, hashes the very same header, answers a line. No accounting, no vardiff, no logs.
 */
const target = new Uint8Array(32).fill(0xff)
const prevHash = new Uint8Array(32).fill(1)
const merkleRoot = new Uint8Array(32).fill(2)
const header = new Uint8Array(80)
let accepted = 0

const server = createServer({ noDelay: true }, (socket) => {
  let text = ''
  const seen = new Set<string>()
  socket.setEncoding('utf8')
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: string) => {
    text += chunk
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    let replies = ''
    for (const line of lines) {
      const { id, params } = JSON.parse(line) as {
        id: number
        params: [string, string, string, string, string, string]
      }
      const key = params.slice(1).join()
      const duplicate = seen.has(key)
      seen.add(key)
      writeHeader(header, {
        version: 0x20000000 | Number.parseInt(params[5], 16),
        prevHash,
        merkleRoot,
        ntime: Number.parseInt(params[3], 16),
        nbits: 0x1d00ffff,
        nonce: Number.parseInt(params[4], 16),
      })
      const good = !duplicate && meetsTarget(fastSha256d(header), target)
      if (good) accepted++
      replies += `${JSON.stringify({ id, result: good, error: good ? null : [22, 'Duplicate share', null] })}\n`
    }
    socket.write(replies)
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 })
})
process.on('message', (question: string) => {
  if (question === 'usage') {
    const { user, system } = process.cpuUsage()
    const { rss } = process.memoryUsage()
    process.send?.({ cpuMicros: user + system, rss, accepted })
  }
  if (question === 'stop') process.exit(0)
})
process.on('disconnect', () => process.exit(0))
