import { connect, type Socket } from 'node:net'
import { createInitiator, parsePoolUrl } from '@sv2/noise'
import { systemClock, systemNoise } from '@sv2/runtime'

/** A server has this long to answer, ms. */
const PATIENCE_MS = 3_000

/** Does the handshake of Stratum V2 with the server of a URL: its key and its certificate are right. @throws with the reason */
export function knockV2(url: string): Promise<void> {
  const { host, port = 3_333, authorityKey, edition } = parsePoolUrl(url)
  const initiator = createInitiator({ edition, authorityKey, clockToleranceSeconds: 600 }, systemNoise)
  return talk({ host, port }, initiator.start(), (chunk, socket) => {
    const step = initiator.receive(chunk, systemClock.unixSeconds())
    if (step.reply !== undefined) socket.write(step.reply)
    return step.done === undefined ? 'more' : 'enough'
  })
}

/** Subscribes as a miner of Stratum V1 does. @throws with the reason */
export function knockV1(url: string): Promise<void> {
  const { hostname: host, port } = new URL(url.replace(/^stratum\+\w+:/, 'http:'))
  const subscribe = '{"id":1,"method":"mining.subscribe","params":["sv2-doctor"]}\n'
  return talk({ host, port: Number(port) }, subscribe, (chunk) => {
    if (!chunk.includes('"result"')) throw new Error(`it answers ${chunk.toString().slice(0, 100)}`)
    return 'enough'
  })
}

/** Connects, says the first words, and takes what comes back, until `answer` says that it was enough. */
function talk(
  to: { readonly host: string; readonly port: number },
  first: Uint8Array | string,
  answer: (chunk: Buffer, socket: Socket) => 'enough' | 'more',
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(to)
    const end = (error?: Error): void => {
      clearTimeout(timer)
      socket.destroy()
      if (error === undefined) resolve()
      else reject(error)
    }
    const timer = setTimeout(() => end(new Error(`no answer within ${PATIENCE_MS} ms`)), PATIENCE_MS)
    socket.once('error', end)
    socket.once('close', () => end(new Error('it closed the connection')))
    socket.once('connect', () => socket.write(first))
    socket.on('data', (chunk: Buffer) => {
      try {
        if (answer(chunk, socket) === 'enough') end()
      } catch (error) {
        end(error as Error)
      }
    })
  })
}
