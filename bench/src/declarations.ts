import { createHmac } from 'node:crypto'
import {
  assembleBlock,
  encodeStripped,
  merklePath,
  parseTransaction,
  sha256,
  sipHash24Into,
  sipHashKey,
  witnessMerkleRoot,
} from '@sv2/bitcoin'
import { FrameSplitter } from '@sv2/codec'
import type { Message, Speller } from '@sv2/messages'
import type { NodeTemplate, NodeTransaction } from '@sv2/roles/ground'
import { NegotiatorServer, type ServerEffect, type ServerEvent } from '@sv2/roles/negotiator'
import { EDITIONS, fastSha256, fastSha256d } from '@sv2/runtime'
import { FULL_BLOCK, makePayments, makeSmallest, templateOf } from './full-block.ts'
import { commitOf, declarationOf, PAYOUT_SCRIPT } from './proposed-jobs.ts'
import { type Measurement, median } from './report.ts'
import { workedMs } from './turns.ts'

/** Transactions in the cache of the server: its default limit. */
const CACHE = 65_536
/** Jobs per row; the figures are medians. The first ones warm up. */
const JOBS = 15
const WARM_UP = 4
/** So many of the smallest transactions fill a block. */
const SMALLEST = 16_000
/** What a node's mempool usually lacks of a miner's template. */
const HANDFUL = 5

/** By the clock, and in processor time of the main thread, which other programs do not lengthen. */
interface Stall {
  readonly ms: number
  readonly workedMs: number
}

/** Tells the time since it was made. */
class Watch {
  readonly #worked = workedMs()
  readonly #started = performance.now()

  get passed(): Stall {
    return { ms: performance.now() - this.#started, workedMs: workedMs() - this.#worked }
  }
}

interface Times {
  /** The role alone, ms. */
  readonly role: number
  /** Reading the client's messages and spelling the answers, ms. */
  readonly spelling: number
}

/** (h) Jobs of a full block that a negotiator server checks, its node's verdict at once, against the hashes they need. */
export function measureDeclarations(): Measurement[] {
  const pool = makePayments(CACHE)
  const rows: Measurement[] = []
  for (const edition of ['current', 'draft'] as const) {
    const bench = new ServerBench(edition, pool)
    for (const missing of [0, HANDFUL, FULL_BLOCK])
      rows.push(row(bench, { missing, count: FULL_BLOCK, make: makePayments }))
    rows.push(row(bench, { missing: SMALLEST, count: SMALLEST, make: makeSmallest }))
  }
  return rows
}

function row(
  bench: ServerBench,
  { missing, count, make }: { missing: number; count: number; make: (count: number) => NodeTransaction[] },
): Measurement {
  const stalls: Stall[] = []
  const role: number[] = []
  const whole: number[] = []
  const hashes: number[] = []
  const joined: number[] = []
  for (let n = 0; n < JOBS + WARM_UP; n++) {
    const fresh = make(missing)
    const template = templateOf([...bench.known.slice(0, count - missing), ...fresh])
    const baseline = bench.baseline(template, fresh)
    bench.stall = { ms: 0, workedMs: 0 }
    const times = bench.propose(template)
    if (n < WARM_UP) continue
    role.push(times.role)
    whole.push(times.role + times.spelling)
    stalls.push(bench.stall)
    hashes.push(baseline.hashes)
    joined.push(baseline.joined)
  }
  const word = bench.edition === 'current' ? 'declared' : 'committed to'
  const cached =
    missing === 0
      ? 'all transactions cached'
      : `${missing.toLocaleString('en-US')} ${make === makeSmallest ? 'smallest ' : ''}missing`
  return {
    part: 'declarations',
    name: `${word}, ${cached}`,
    values: {
      'jobs/s and core': Math.round(1000 / median(whole)),
      'with decoding and encoding, ms': round(median(whole)),
      'the role alone, ms': round(median(role)),
      'longest stall, ms': round(median(stalls.map(({ ms }) => ms))),
      'the same in processor time, ms': round(median(stalls.map(({ workedMs }) => workedMs))),
      'its hashes alone, ms (baseline)': round(median(hashes)),
      'its block joined, ms (baseline)': round(median(joined)),
      'role ÷ both': `${round(median(role) / (median(hashes) + median(joined)))} ×`,
    },
  }
}

/** A negotiator server with a full cache and one client, both in this process, without sockets and ciphers. */
export class ServerBench {
  readonly edition: 'current' | 'draft'
  readonly known: readonly NodeTransaction[]
  readonly #cachedHashes: readonly Uint8Array[]
  readonly #server: NegotiatorServer
  readonly #ours: Speller
  readonly #theirs: Speller
  readonly #splitter = new FrameSplitter()
  /** The longest that one event, or reading one message, took since this was set to zero. */
  stall: Stall = { ms: 0, workedMs: 0 }
  #requestId = 0
  #now = 0

  constructor(edition: 'current' | 'draft', pool: readonly NodeTransaction[]) {
    this.edition = edition
    this.known = pool.slice(-FULL_BLOCK)
    this.#cachedHashes = pool.map(({ data }) => sha256(data))
    this.#server = makeServer()
    this.#ours = EDITIONS[edition].connection({ side: 'server' })
    this.#theirs = EDITIONS[edition].connection({ side: 'client', protocol: 'negotiation' })
    this.#server.handle({ kind: 'nodeTemplate', template: templateOf([]) }, 0)
    this.#handle({ kind: 'transactions', transactions: pool.map(({ data }) => data) })
    const { capabilities } = EDITIONS[edition]
    this.#server.handle({ kind: 'opened', session: 1, port: { kind: 'clients' }, capabilities }, 0)
    this.#tell({
      type: 'SetupConnection',
      protocol: 1,
      minVersion: 2,
      maxVersion: 2,
      flags: 1,
      endpointHost: '',
      endpointPort: 0,
      vendor: 'bench',
      hardwareVersion: '',
      firmware: '',
      deviceId: '',
    })
  }

  /** One job of a template's block, to the word that it is good. */
  propose(template: NodeTemplate): Times {
    const [granted] = this.#tell({
      type: 'AllocateMiningJobToken',
      userIdentifier: 'bench',
      requestId: 1,
    }).sent
    if (granted?.type !== 'AllocateMiningJobToken.Success') throw new Error('no token')
    this.#requestId++
    const plan = { requestId: this.#requestId, token: granted.miningJobToken, template }
    let { sent, role, spelling } = this.#tell(
      this.edition === 'current' ? declarationOf(plan) : commitOf(plan),
    )
    const answer = (message: Message): void => {
      const told = this.#tell(message)
      sent = told.sent
      role += told.role
      spelling += told.spelling
    }
    if (sent[0]?.type === 'IdentifyTransactions') {
      const txHashList = template.transactions.map(({ data }) => sha256(data))
      answer({ type: 'IdentifyTransactions.Success', requestId: sent[0].requestId, txHashList })
    }
    const asked = sent[0]
    if (asked?.type === 'ProvideMissingTransactions') {
      answer({
        type: 'ProvideMissingTransactions.Success',
        requestId: asked.requestId,
        transactionList: asked.unknownTxPositionList.map((place) => template.transactions[place]!.data),
      })
    }
    const verdict = sent[0]?.type
    if (verdict !== 'DeclareMiningJob.Success' && verdict !== 'CommitMiningJob.Success')
      throw new Error(`the job was answered with ${JSON.stringify(sent[0])?.slice(0, 200)}`)
    return { role, spelling }
  }

  /** Milliseconds of what no server can leave out: the hashes that a job needs, and the bytes of its block. */
  baseline({ transactions }: NodeTemplate, fresh: readonly NodeTransaction[]) {
    const txids = transactions.map(({ txid }) => txid)
    const wtxids = transactions.map(({ wtxid }) => wtxid)
    const strippedOnes = fresh.map(({ data }) => encodeStripped(parseTransaction(data)))
    const started = performance.now()
    merklePath(txids, fastSha256d)
    witnessMerkleRoot(wtxids, fastSha256d)
    for (const [at, { data }] of fresh.entries()) {
      fastSha256d(strippedOnes[at]!)
      fastSha256d(data)
      fastSha256(data)
    }
    if (this.edition === 'draft') {
      const key = sipHashKey(new Uint8Array(16).fill(this.#requestId))
      const halves = new Uint32Array(2)
      for (const hash of this.#cachedHashes) sipHash24Into(halves, key, hash)
    }
    const hashed = performance.now()
    assembleBlock(
      new Uint8Array(80),
      transactions.map(({ data }) => data),
    )
    return { hashes: hashed - started, joined: performance.now() - hashed }
  }

  #tell(message: Message): Times & { readonly sent: readonly Message[] } {
    const bytes = this.#theirs.encode(message)
    this.#now += 1_000
    const watch = new Watch()
    const started = performance.now()
    const frames = this.#splitter.push(bytes)
    const read = frames.map((frame) => this.#ours.decode(frame))
    const decoded = performance.now()
    this.#stalled(watch)
    const effects: ServerEffect[] = []
    for (const one of read) effects.push(...this.#handle({ kind: 'message', session: 1, message: one }))
    // The list grows while it is gone through: node and disk say their word at once.
    for (const effect of effects) {
      if (effect.kind === 'proposeBlock')
        effects.push(
          ...this.#handle({ kind: 'proposalChecked', proposalId: effect.proposalId, verdict: null }),
        )
      if (effect.kind === 'keepJob')
        effects.push(...this.#handle({ ...effect, kind: 'jobKept', isKept: true }))
    }
    const handled = performance.now()
    const sent = effects.flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []))
    for (const answer of sent) this.#ours.encode(answer)
    const spelled = performance.now()
    return { sent, role: handled - decoded, spelling: decoded - started + spelled - handled }
  }

  /** One event, and the slices that it leaves; the longest of them is a stall. */
  #handle(event: ServerEvent): ServerEffect[] {
    const effects: ServerEffect[] = []
    for (let next: ServerEvent = event; ; next = { kind: 'tick' }) {
      const watch = new Watch()
      effects.push(...this.#server.handle(next, this.#now))
      this.#stalled(watch)
      if (this.#server.nextDeadline() > this.#now) return effects
    }
  }

  #stalled({ passed }: Watch): void {
    const ms = Math.max(this.stall.ms, passed.ms)
    this.stall = { ms, workedMs: Math.max(this.stall.workedMs, passed.workedMs) }
  }
}

function makeServer(): NegotiatorServer {
  let serial = 0
  return new NegotiatorServer(
    {
      payout: { mode: 'pool', script: PAYOUT_SCRIPT },
      furtherOutputs: [],
      fullTemplateRequired: true,
      asyncMining: true,
      tokenValidSeconds: 3_600,
      limits: {
        tokensPerMinute: 6_000,
        tokensPerMinuteInAll: 600_000,
        waitingTokens: 16,
        proposalsPerMinute: 6_000,
        pendingPerClient: 8,
        pendingInAll: 128,
        pendingBytes: 64 * 1024 * 1024,
        atNode: 4,
        provideWithinMs: 8_000,
        keptJobs: 256,
        failedSolutionsPerMinute: 30,
      },
      cache: { bytes: 256 * 1024 * 1024, transactions: CACHE },
    },
    {
      sha256d: fastSha256d,
      sha256: fastSha256,
      mac: (bytes) => createHmac('sha256', 'bench').update(bytes).digest(),
      randomBytes(size) {
        serial++
        const bytes = new Uint8Array(size)
        new DataView(bytes.buffer).setUint32(0, serial)
        return bytes
      },
    },
  )
}

function round(value: number): number {
  return Number(value.toPrecision(3))
}
