// A Stratum V1 miner on the CPU: prints each accepted share.
//   v1-miner.ts HOST PORT USER
import { connect } from 'node:net'
import {
  concatBytes,
  difficultyToTarget,
  displayHash,
  encodeHeader,
  hex,
  meetsTarget,
  merkleRootFromPath,
  sha256d,
} from '@sv2/bitcoin'
import { LineSplitter, type Notify, readSubscribeResult, type SubscribeResult, sv1Client } from '@sv2/sv1'

const [host = '127.0.0.1', port = '3333', user = 'me.cpu'] = process.argv.slice(2)
const AUTHORIZE = 2
/** Hashes between two looks at what has arrived. */
const SLICE = 5_000

const socket = connect({ host, port: Number(port), noDelay: true })
const lines = new LineSplitter()
const shares = new Map<number, string>()
let subscribed: SubscribeResult | undefined
let difficulty = 1
let job: Notify | undefined
let lastId = AUTHORIZE
let roll = 0

const say = (message: Parameters<typeof sv1Client.encode>[0]) => socket.write(sv1Client.encode(message))
say({ type: 'mining.subscribe', id: 1, userAgent: 'example/1' })

socket.on('data', (chunk) => {
  for (const message of lines.push(chunk).map(sv1Client.decode)) {
    if (message.type === 'mining.set_difficulty') difficulty = message.difficulty
    if (message.type === 'mining.notify') job = message
    if (message.type !== 'response') continue
    if (message.id === 1) {
      subscribed = readSubscribeResult(message.result)
      say({ type: 'mining.authorize', id: AUTHORIZE, user, password: 'x' })
    } else if (message.error !== undefined) throw new Error(message.error.message)
    else if (message.id === AUTHORIZE) mine()
    else console.log('accepted', shares.get(message.id ?? 0))
  }
})

function mine(): void {
  if (subscribed !== undefined && job !== undefined) hashSlice(subscribed, job)
  setTimeout(mine, 5)
}

function hashSlice({ extranonce1, extranonce2Size }: SubscribeResult, work: Notify): void {
  roll++
  const extranonce2 = new Uint8Array(extranonce2Size)
  new DataView(extranonce2.buffer).setUint32(0, roll)
  const coinbase = concatBytes(work.coinbase1, extranonce1, extranonce2, work.coinbase2)
  const merkleRoot = merkleRootFromPath(sha256d(coinbase), work.merkleBranch, sha256d)
  const target = difficultyToTarget(difficulty)
  for (let nonce = 0; nonce < SLICE; nonce++) {
    const hash = sha256d(encodeHeader({ ...work, merkleRoot, nonce }))
    if (!meetsTarget(hash, target)) continue
    lastId++
    shares.set(lastId, displayHash(hash))
    const { jobId, ntime } = work
    const share = { jobId, ntime, nonce, extranonce2: hex(extranonce2), versionBits: undefined }
    say({ type: 'mining.submit', id: lastId, worker: user, ...share })
  }
}
