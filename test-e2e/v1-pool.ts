import { createServer, type Server, type Socket } from 'node:net'
import {
  assembleBlock,
  BIP54_COINBASE_SEQUENCE,
  bip54CoinbaseLocktime,
  buildCoinbase,
  coinbaseWithWitness,
  concatBytes,
  difficultyToTarget,
  displayHash,
  encodeHeader,
  encodeHeightPush,
  encodeOutput,
  hex,
  meetsTarget,
  merklePath,
  merkleRootFromPath,
  nbitsToTarget,
  reversed,
  sha256d,
  unhex,
} from '@sv2/bitcoin'
import { type NodeRpc, nodeRpc } from '@sv2/runtime'
import {
  configureResult,
  LineSplitter,
  type Notify,
  type Response,
  type Submit,
  SV1_ERRORS,
  type Sv1ErrorNumber,
  type Sv1ToMiner,
  type Sv1ToServer,
  subscribeResult,
  sv1Server,
} from '@sv2/sv1'

/** Text in the coinbase by which the blocks of this pool are known. */
export const V1_TAG = '/sv1 e2e/'

const EXTRANONCE1_SIZE = 4
/** The node is asked for work this often, ms. */
const POLL_MS = 250
/** Jobs on the same tip come this often, ms. */
const REFRESH_MS = 2_000

export interface V1PoolSettings {
  readonly nodeUrl: string
  readonly cookieFile: string
  /** Of shares. */
  readonly difficulty: number
  /** What miners may roll; undefined refuses version rolling. */
  readonly versionMask?: number | undefined
  readonly extranonce2Size?: number
  readonly port?: number
}

/** A share, and what became of it. */
export interface JudgedShare {
  readonly worker: string
  readonly verdict: true | Sv1ErrorNumber
  /** Display order, when it is a block. */
  readonly block: string | undefined
}

/** The parts of a getblocktemplate answer that a pool needs (BIP 22, 145). */
interface Template {
  readonly version: number
  readonly previousblockhash: string
  readonly transactions: readonly { readonly data: string; readonly txid: string }[]
  readonly coinbasevalue: number
  readonly curtime: number
  readonly bits: string
  readonly height: number
  readonly default_witness_commitment: string
}

interface PoolJob {
  readonly template: Template
  readonly notify: Omit<Notify, 'cleanJobs'>
}

interface Guest {
  readonly socket: Socket
  extranonce1: Uint8Array
  /** Extranonce1 by job id, as it held when the job was sent. */
  readonly given: Map<string, Uint8Array>
  authorized: boolean
}

/** A small Stratum V1 pool over a node's JSON-RPC: real jobs, real judging, blocks submitted. For tests only. */
export class V1Pool {
  readonly shares: JudgedShare[] = []
  /** Blocks the node accepted, display order. */
  readonly blocks: string[] = []
  /** What the node said of blocks it refused. */
  readonly refusedBlocks: string[] = []
  readonly #settings: V1PoolSettings
  readonly #rpc: NodeRpc
  readonly #guests = new Set<Guest>()
  readonly #jobs = new Map<string, PoolJob>()
  readonly #seen = new Set<string>()
  #server: Server | undefined
  #timer: NodeJS.Timeout | undefined
  #port: number
  #job: PoolJob | undefined
  #jobAt = 0
  #lastJob = 0
  #lastGuest = 0
  #waiting: (() => void)[] = []

  constructor(settings: V1PoolSettings) {
    this.#settings = settings
    this.#port = settings.port ?? 0
    this.#rpc = nodeRpc({
      url: settings.nodeUrl,
      cookieFile: settings.cookieFile,
      user: undefined,
      password: undefined,
    })
  }

  get port(): number {
    return this.#port
  }

  get connections(): number {
    return this.#guests.size
  }

  /** Opens the door; after the first time on the same port. */
  async start(): Promise<void> {
    await this.#refresh()
    const server = createServer({ noDelay: true }, (socket) => this.#welcome(socket))
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve))
    const address = server.address()
    if (typeof address === 'object' && address !== null) this.#port = address.port
    this.#server = server
    this.#timer = setInterval(() => void this.#refresh(), POLL_MS)
  }

  /** Closes the door, and every connection. */
  stop(): void {
    clearInterval(this.#timer)
    this.#server?.close()
    this.drop()
  }

  /** Closes every connection. */
  drop(): void {
    for (const { socket } of this.#guests) socket.destroy()
    this.#guests.clear()
  }

  /** Gives everybody another extranonce1, in force with the next job. */
  renewExtranonce(): void {
    for (const guest of this.#guests) {
      guest.extranonce1 = this.#extranonce1()
      this.#say(guest, {
        type: 'mining.set_extranonce',
        extranonce1: guest.extranonce1,
        extranonce2Size: this.#extranonce2Size,
      })
    }
  }

  /** Asks everybody to come again. */
  reconnect(): void {
    for (const guest of this.#guests) this.#say(guest, { type: 'client.reconnect' })
  }

  /** Waits until something holds; looked at after every share, block and connection. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((wake) => this.#waiting.push(wake))
  }

  get #extranonce2Size(): number {
    return this.#settings.extranonce2Size ?? 8
  }

  #extranonce1(): Uint8Array {
    this.#lastGuest++
    const extranonce1 = new Uint8Array(EXTRANONCE1_SIZE)
    new DataView(extranonce1.buffer).setUint32(0, this.#lastGuest)
    return extranonce1
  }

  #welcome(socket: Socket): void {
    const guest: Guest = { socket, extranonce1: this.#extranonce1(), given: new Map(), authorized: false }
    const splitter = new LineSplitter()
    this.#guests.add(guest)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#guests.delete(guest)
      this.#wake()
    })
    socket.on('data', (chunk: Buffer) => {
      for (const line of splitter.push(chunk)) this.#hear(guest, sv1Server.decode(line))
    })
    this.#wake()
  }

  #hear(guest: Guest, message: Sv1ToServer): void {
    const answer = (result: Response['result']): void =>
      this.#say(guest, { type: 'response', id: message.id, result, error: null })
    switch (message.type) {
      case 'mining.configure': {
        const { versionMask } = this.#settings
        const mask = (versionMask ?? 0) & (message.versionRolling?.mask ?? 0)
        return answer(configureResult({ versionRolling: mask === 0 ? false : { mask: mask >>> 0 } }))
      }
      case 'mining.subscribe':
        return answer(
          subscribeResult({ extranonce1: guest.extranonce1, extranonce2Size: this.#extranonce2Size }),
        )
      case 'mining.authorize':
        guest.authorized = true
        answer(true)
        this.#say(guest, { type: 'mining.set_difficulty', difficulty: this.#settings.difficulty })
        return this.#give(guest, true)
      case 'mining.submit':
        return void this.#submitted(guest, message)
      case 'mining.extranonce.subscribe':
        return answer(true)
      case 'response':
        return
      default:
        this.#say(guest, { type: 'response', id: message.id, result: null, error: SV1_ERRORS[20] })
    }
  }

  async #submitted(guest: Guest, share: Submit): Promise<void> {
    const { verdict, block } = this.#judge(guest, share)
    this.#say(guest, {
      type: 'response',
      id: share.id,
      result: verdict === true ? true : null,
      error: verdict === true ? null : SV1_ERRORS[verdict],
    })
    if (block !== undefined) await this.#submitBlock(block.hash, block.bytes)
    this.shares.push({ worker: share.worker, verdict, block: block?.hash })
    this.#wake()
  }

  #judge(
    guest: Guest,
    share: Submit,
  ): {
    readonly verdict: true | Sv1ErrorNumber
    readonly block?: { readonly hash: string; readonly bytes: Uint8Array }
  } {
    if (!guest.authorized) return { verdict: 24 }
    const job = this.#jobs.get(share.jobId)
    const extranonce1 = guest.given.get(share.jobId)
    if (job === undefined || extranonce1 === undefined) return { verdict: 21 }
    const extranonce2 = unhex(share.extranonce2)
    if (extranonce2.length !== this.#extranonce2Size) return { verdict: 20 }
    const { notify, template } = job
    const mask = this.#settings.versionMask ?? 0
    if (((share.versionBits ?? 0) & ~mask) !== 0) return { verdict: 20 }
    const extranonce = concatBytes(extranonce1, extranonce2)
    const txid = sha256d(concatBytes(notify.coinbase1, extranonce, notify.coinbase2))
    const rolled = share.versionBits === undefined ? notify.version & mask : share.versionBits
    const header = encodeHeader({
      version: ((notify.version & ~mask) | rolled) >>> 0,
      prevHash: notify.prevHash,
      merkleRoot: merkleRootFromPath(txid, notify.merkleBranch, sha256d),
      ntime: share.ntime,
      nbits: notify.nbits,
      nonce: share.nonce,
    })
    const hash = sha256d(header)
    if (!meetsTarget(hash, difficultyToTarget(this.#settings.difficulty))) return { verdict: 23 }
    const name = displayHash(hash)
    if (this.#seen.has(name)) return { verdict: 22 }
    this.#seen.add(name)
    if (!meetsTarget(hash, nbitsToTarget(notify.nbits))) return { verdict: true }
    const coinbase = coinbaseWithWitness(notify.coinbase1, extranonce, notify.coinbase2)
    const transactions = [coinbase, ...template.transactions.map(({ data }) => unhex(data))]
    return { verdict: true, block: { hash: name, bytes: assembleBlock(header, transactions) } }
  }

  async #submitBlock(hash: string, bytes: Uint8Array): Promise<void> {
    const outcome = await this.#rpc.call('submitblock', [hex(bytes)])
    if (outcome === null) this.blocks.push(hash)
    else this.refusedBlocks.push(String(outcome))
    await this.#refresh()
  }

  /** Asks the node for work, and hands it on where it is new. */
  async #refresh(): Promise<void> {
    const template = (await this.#rpc.call('getblocktemplate', [{ rules: ['segwit'] }])) as Template
    const isNewTip = template.previousblockhash !== this.#job?.template.previousblockhash
    if (!isNewTip && Date.now() - this.#jobAt < REFRESH_MS) return
    this.#lastJob++
    this.#jobAt = Date.now()
    const job = poolJob(template, this.#lastJob.toString(16), this.#extranonce2Size)
    if (isNewTip) this.#jobs.clear()
    this.#jobs.set(job.notify.jobId, job)
    this.#job = job
    for (const guest of this.#guests) this.#give(guest, isNewTip)
  }

  #give(guest: Guest, cleanJobs: boolean): void {
    if (this.#job === undefined || !guest.authorized) return
    const { notify } = this.#job
    if (cleanJobs) guest.given.clear()
    guest.given.set(notify.jobId, guest.extranonce1)
    this.#say(guest, { ...notify, cleanJobs })
  }

  #say(guest: Guest, message: Sv1ToMiner): void {
    guest.socket.write(sv1Server.encode(message))
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }
}

function poolJob(template: Template, jobId: string, extranonce2Size: number): PoolJob {
  const commitment = encodeOutput({ value: 0n, script: unhex(template.default_witness_commitment) })
  const tag = new TextEncoder().encode(V1_TAG)
  const coinbase = buildCoinbase({
    version: 2,
    scriptSigPrefix: concatBytes(encodeHeightPush(template.height), Uint8Array.of(tag.length), tag),
    extranonceSize: EXTRANONCE1_SIZE + extranonce2Size,
    sequence: BIP54_COINBASE_SEQUENCE,
    outputs: [{ value: BigInt(template.coinbasevalue), script: unhex(`0014${'00'.repeat(20)}`) }],
    rawOutputs: { count: 1, bytes: commitment },
    locktime: bip54CoinbaseLocktime(template.height),
  })
  const txids = template.transactions.map(({ txid }) => reversed(unhex(txid)))
  return {
    template,
    notify: {
      type: 'mining.notify',
      jobId,
      prevHash: reversed(unhex(template.previousblockhash)),
      coinbase1: coinbase.prefix,
      coinbase2: coinbase.suffix,
      merkleBranch: merklePath(txids, sha256d),
      version: template.version >>> 0,
      nbits: Number.parseInt(template.bits, 16),
      ntime: template.curtime,
    },
  }
}
