import {
  addCoinbaseWitness,
  BIP54_COINBASE_SEQUENCE,
  buildCoinbase,
  concatBytes,
  encodeHeader,
  encodeHeightPush,
  encodeOutput,
  meetsTarget,
  merklePath,
  merkleRootFromPath,
  nbitsToTarget,
  type Sha256d,
  sha256,
  sha256d,
  sipHash24,
  sipHashKey,
  type TxOutput,
  witnessCommitmentScript,
  witnessMerkleRoot,
} from '@sv2/bitcoin'
import type {
  AllocateMiningJobTokenSuccess,
  CommitMiningJob,
  DeclareMiningJob,
  Edition,
  Message,
  PushSolution,
} from '@sv2/messages'
import type { NodeTemplate, NodeTransaction } from '@sv2/roles/ground'
import {
  type KeptJob,
  NegotiatorServer,
  type NegotiatorServerSettings,
  type ServerEffect,
} from '@sv2/roles/negotiator'
import { WireLink, type WirePeer } from '@sv2/sim'
import { aSetup, NOW, NTIME, PAYOUT_SCRIPT } from './_fixtures.ts'
import { aNodeTemplate } from './_node-templates.ts'

/** An output of no value that every job of these tests has to have. */
export const FURTHER_SCRIPT = Uint8Array.of(0x6a, 2, 7, 7)

/** Bytes of extranonce in declared coinbases. */
export const EXTRANONCE_SIZE = 16

export const NEGOTIATOR: NegotiatorServerSettings = {
  payout: { mode: 'pool', script: PAYOUT_SCRIPT },
  furtherOutputs: [FURTHER_SCRIPT],
  fullTemplateRequired: false,
  asyncMining: true,
  tokenValidSeconds: 600,
  limits: {
    tokensPerMinute: 30,
    tokensPerMinuteInAll: 300,
    waitingTokens: 4,
    proposalsPerMinute: 20,
    pendingPerClient: 4,
    pendingInAll: 8,
    pendingBytes: 1_000_000,
    atNode: 2,
    provideWithinMs: 10_000,
    keptJobs: 16,
    failedSolutionsPerMinute: 5,
  },
  cache: { bytes: 10_000_000, transactions: 1_000 },
}

export type NegotiatorOverrides = Partial<Omit<NegotiatorServerSettings, 'limits'>> & {
  readonly limits?: Partial<NegotiatorServerSettings['limits']>
}

/** Keyed by a constant: what a token says can be read back with it. */
export const mac = (bytes: Uint8Array): Uint8Array => sha256(concatBytes(Uint8Array.of(7), bytes))

/** A negotiator server on virtual time, its node played by the test. */
export interface NegotiatorWorld {
  readonly link: WireLink<ServerEffect>
  readonly server: NegotiatorServer
  readonly template: NodeTemplate
  /** The node has another template. */
  node(template: NodeTemplate): void
  /** The disk has written what it was given, or refuses it; answers what that was. */
  disk(isKept: boolean): readonly KeptJob[]
  /** Lets the server finish what it does in slices; answers how many there were. */
  work(): number
  /** The node has this to say of every block it was asked about, and the disk writes what it finds good; answers how many blocks. */
  verdict(verdict: string | null | undefined): number
}

export function aNegotiator(
  overrides: NegotiatorOverrides = {},
  template: NodeTemplate = aNodeTemplate(),
  hash: Sha256d = sha256d,
): NegotiatorWorld {
  let serial = 0
  const settings = { ...NEGOTIATOR, ...overrides, limits: { ...NEGOTIATOR.limits, ...overrides.limits } }
  const server = new NegotiatorServer(settings, {
    sha256d: hash,
    sha256,
    mac,
    randomBytes(size) {
      serial++
      return concatBytes(Uint8Array.of(serial & 0xff, serial >> 8), new Uint8Array(size - 2))
    },
  })
  const link = new WireLink<ServerEffect>(server as never, NOW)
  const node = (next: NodeTemplate) => link.tell({ kind: 'nodeTemplate', template: next })
  node(template)
  link.takeFacts()
  const disk = (isKept: boolean): readonly KeptJob[] => {
    const facts = link.takeFacts()
    link.perform(facts.filter(({ kind }) => kind !== 'keepJob'))
    const written = facts.flatMap((fact) => (fact.kind === 'keepJob' ? [fact] : []))
    for (const { proposalId, job } of written) link.tell({ kind: 'jobKept', proposalId, job, isKept })
    return written.map(({ job }) => job)
  }
  return {
    link,
    server,
    template,
    node,
    disk,
    work() {
      let slices = 0
      for (; server.nextDeadline() <= link.now; slices++) link.tell({ kind: 'tick' })
      return slices
    },
    verdict(verdict) {
      const asked = link.factsOf('proposeBlock')
      for (const { proposalId } of asked) link.tell({ kind: 'proposalChecked', proposalId, verdict })
      disk(true)
      return asked.length
    },
  }
}

/** A client that is set up; `flags` 1: it reveals transactions, or wants asynchronous mining. */
export function aNegotiatorClient(
  { link }: NegotiatorWorld,
  edition: Edition,
  flags = 1,
  address?: string,
): WirePeer {
  const client = link.connect({
    port: { kind: 'clients' },
    edition,
    protocol: 'negotiation',
    plays: 'client',
    address,
  })
  client.send(aSetup({ protocol: 1, flags }))
  client.receivedOf('SetupConnection.Success')
  return client
}

/** Asks for a token, and gets it. */
export function aToken(
  client: WirePeer,
  requestId = 1,
  userIdentifier = 'alice.rig1',
): AllocateMiningJobTokenSuccess {
  client.send({ type: 'AllocateMiningJobToken', userIdentifier, requestId })
  const [answer] = client.receivedOf('AllocateMiningJobToken.Success')
  if (answer === undefined) throw new Error('no token')
  return answer
}

/** What a job of these tests is made of. */
export interface JobPlan {
  readonly requestId?: number
  readonly template?: NodeTemplate
  readonly transactions?: readonly NodeTransaction[]
  /** Value of the payout output; 0 for none. */
  readonly payout?: bigint
  readonly height?: number
  /** Outputs in place of the usual ones. */
  readonly outputs?: readonly TxOutput[]
}

/** The outputs behind the payout: that of the token, and the witness commitment. */
export function otherOutputs(transactions: readonly NodeTransaction[]): TxOutput[] {
  const root = witnessMerkleRoot(transactions.map(({ wtxid }) => wtxid))
  return [
    { value: 0n, script: FURTHER_SCRIPT },
    { value: 0n, script: witnessCommitmentScript(root) },
  ]
}

function coinbaseOf(plan: JobPlan) {
  const { template = aNodeTemplate(), payout = 312_500_000n } = plan
  const transactions = plan.transactions ?? template.transactions
  return buildCoinbase({
    version: 2,
    scriptSigPrefix: encodeHeightPush(plan.height ?? template.height),
    extranonceSize: EXTRANONCE_SIZE,
    sequence: BIP54_COINBASE_SEQUENCE,
    outputs: plan.outputs ?? [{ value: payout, script: PAYOUT_SCRIPT }, ...otherOutputs(transactions)],
    locktime: template.height - 1,
  })
}

/** A declaration of the template's block. */
export function aDeclaration(token: Uint8Array, plan: JobPlan = {}): DeclareMiningJob {
  const { template = aNodeTemplate(), requestId = 7 } = plan
  const coinbase = coinbaseOf(plan)
  const full = addCoinbaseWitness(coinbase.prefix, coinbase.suffix)
  return {
    type: 'DeclareMiningJob',
    requestId,
    miningJobToken: token,
    version: 0x2000_0000,
    coinbaseTxPrefix: full.prefix,
    coinbaseTxSuffix: full.suffix,
    wtxidList: (plan.transactions ?? template.transactions).map(({ wtxid }) => wtxid),
    excessData: new Uint8Array(0),
  }
}

/** A commit to the template's block. */
export function aCommit(token: Uint8Array, plan: JobPlan = {}): CommitMiningJob {
  const { template = aNodeTemplate(), requestId = 7, payout = 312_500_000n } = plan
  const transactions = plan.transactions ?? template.transactions
  const hashes = transactions.map(({ data }) => sha256(data))
  return {
    type: 'CommitMiningJob',
    requestId,
    miningJobToken: token,
    version: 0x2000_0000,
    coinbaseTxVersion: 2,
    coinbasePrefix: encodeHeightPush(plan.height ?? template.height),
    coinbaseTxInputSequence: BIP54_COINBASE_SEQUENCE,
    coinbaseTxValueRemaining: payout,
    coinbaseTxOutputs: otherOutputs(transactions).slice(1).map(encodeOutput),
    coinbaseTxLocktime: template.height - 1,
    minExtranonceSize: 8,
    txShortHashNonce: 77n,
    txShortHashList: hashes.map((hash) => shortHash(77n, hash)),
    txHashListHash: sha256(concatBytes(...hashes)),
    excessData: new Uint8Array(0),
  }
}

/** A short hash by docs/wire.md O-04. */
export function shortHash(nonce: bigint, hash: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, nonce, true)
  return sipHash24(sipHashKey(sha256(bytes)), hash)
}

/** A job that proposes the template's block in the words of an edition. */
export function aJob(edition: Edition, token: Uint8Array, plan: JobPlan = {}): Message {
  return edition.capabilities.jobDialogue === 'declare' ? aDeclaration(token, plan) : aCommit(token, plan)
}

/** A client whose job was accepted. */
export function anAcceptedJob(world: NegotiatorWorld, edition: Edition, plan: JobPlan = {}): WirePeer {
  const client = aNegotiatorClient(world, edition)
  client.send(aJob(edition, aToken(client).miningJobToken, { template: world.template, ...plan }))
  world.verdict(null)
  return client
}

/** A solution of a declared block; every other nonce is one. */
export function aSolution(plan: JobPlan = {}, overrides: Partial<PushSolution> = {}): PushSolution {
  const { template = aNodeTemplate() } = plan
  const transactions = plan.transactions ?? template.transactions
  const coinbase = coinbaseOf(plan)
  const extranonce = new Uint8Array(EXTRANONCE_SIZE).fill(5)
  const merkleRoot = merkleRootFromPath(
    sha256d(concatBytes(coinbase.prefix, extranonce, coinbase.suffix)),
    merklePath(transactions.map(({ txid }) => txid)),
  )
  const { prevHash, nbits } = template
  const header = { version: 0x2000_0000, prevHash, merkleRoot, ntime: NTIME, nbits }
  const target = nbitsToTarget(nbits)
  let nonce = 0
  while (!meetsTarget(sha256d(encodeHeader({ ...header, nonce })), target)) nonce++
  return {
    type: 'PushSolution',
    extranonce,
    prevHash,
    nonce,
    ntime: NTIME,
    nbits,
    version: header.version,
    ...overrides,
  }
}
