import {
  type BlockHeader,
  concatBytes,
  encodeHeader,
  MAX_TARGET,
  meetsTarget,
  merkleRootFromPath,
  sha256d,
} from '@sv2/bitcoin'
import type {
  Edition,
  Message,
  NewExtendedMiningJob,
  NewMiningJob,
  SetNewPrevHash,
  SubmitSharesExtended,
  SubmitSharesStandard,
} from '@sv2/messages'
import type { PoolEffect } from '@sv2/roles/pool'
import type { WireLink, WirePeer } from '@sv2/sim'
import { aSetup, filled } from './_fixtures.ts'

export type Job = NewMiningJob | NewExtendedMiningJob

/** One channel as the test knows it, from what arrived. */
export interface TestChannel {
  readonly kind: 'standard' | 'extended'
  readonly channelId: number
  groupId: number
  readonly extranonceSize: number
  prefix: Uint8Array
  target: Uint8Array
}

/** A miner played by the test: opens channels, keeps what arrives, and finds real shares. */
export class TestMiner {
  readonly peer: WirePeer
  readonly log: Message[] = []
  #requestId = 100

  /** @param how flags of its SetupConnection, and what its door says of it */
  constructor(
    link: Pick<WireLink<PoolEffect>, 'connect'>,
    edition: Edition,
    how:
      | number
      | { readonly flags?: number; readonly maxCoinbaseBytes?: number; readonly isSolo?: boolean } = {},
  ) {
    const { flags = 0, maxCoinbaseBytes, isSolo } = typeof how === 'number' ? { flags: how } : how
    this.peer = link.connect({
      port: { kind: 'miners' },
      edition,
      protocol: 'mining',
      plays: 'client',
      maxCoinbaseBytes,
      isSolo,
    })
    this.peer.send(aSetup({ flags }))
    this.take()
  }

  /** What arrived since the last call; it stays in the log. */
  take(): Message[] {
    const received = this.peer.received()
    this.log.push(...received)
    return received
  }

  /** What of one kind arrived since the last call. */
  takeOf<T extends Message['type']>(type: T): Extract<Message, { type: T }>[] {
    return this.take().filter((message) => message.type === type) as Extract<Message, { type: T }>[]
  }

  open(
    kind: 'standard' | 'extended',
    request: { user?: string; hashrate?: number; maxTarget?: Uint8Array; minExtranonceSize?: number } = {},
  ): TestChannel {
    this.request(kind, request)
    const opened = this.take().find((message) => message.type.endsWith('MiningChannel.Success'))
    if (
      opened?.type !== 'OpenStandardMiningChannel.Success' &&
      opened?.type !== 'OpenExtendedMiningChannel.Success'
    )
      throw new Error(`no channel: ${JSON.stringify(this.log.at(-1)?.type)}`)
    return {
      kind,
      channelId: opened.channelId,
      groupId: opened.groupChannelId,
      extranonceSize: opened.type === 'OpenExtendedMiningChannel.Success' ? opened.extranonceSize : 0,
      prefix: opened.extranoncePrefix,
      target: opened.target,
    }
  }

  /** Asks for a channel and leaves the answer in the queue. Answers the request id. */
  request(
    kind: 'standard' | 'extended',
    request: { user?: string; hashrate?: number; maxTarget?: Uint8Array; minExtranonceSize?: number } = {},
  ): number {
    this.take()
    this.#requestId++
    const common = {
      requestId: this.#requestId,
      userIdentity: request.user ?? 'alice.1',
      nominalHashRate: request.hashrate ?? 0,
      maxTarget: request.maxTarget ?? MAX_TARGET,
    }
    this.peer.send(
      kind === 'standard'
        ? { type: 'OpenStandardMiningChannel', ...common }
        : {
            type: 'OpenExtendedMiningChannel',
            ...common,
            minExtranonceSize: request.minExtranonceSize ?? 4,
          },
    )
    return this.#requestId
  }

  /** Jobs a channel was sent, alone or in its group, in the order they came. */
  jobs(channel: TestChannel): Job[] {
    this.take()
    return this.log.filter(
      (message): message is Job =>
        (message.type === 'NewMiningJob' || message.type === 'NewExtendedMiningJob') &&
        (message.channelId === channel.channelId || message.channelId === channel.groupId),
    )
  }

  /** The last tip a channel was told. */
  tip(channel: TestChannel): SetNewPrevHash {
    this.take()
    const tip = this.log.findLast(
      (message) =>
        message.type === 'SetNewPrevHash' &&
        (message.channelId === channel.channelId || message.channelId === channel.groupId),
    )
    if (tip?.type !== 'SetNewPrevHash') throw new Error('no tip')
    return tip
  }

  /** The newest job. */
  job(channel: TestChannel): Job {
    const job = this.jobs(channel).at(-1)
    if (job === undefined) throw new Error('no job')
    return job
  }

  /** A share that meets the channel's target, or what `wanted` says. */
  find(channel: TestChannel, wanted: ShareWanted = {}): SubmitSharesStandard | SubmitSharesExtended {
    const job = wanted.job ?? this.job(channel)
    const tip = wanted.tip ?? this.tip(channel)
    return findShare(channel, { ...wanted, job, tip })
  }
}

export interface ShareWanted {
  readonly job?: Job
  readonly tip?: Pick<SetNewPrevHash, 'prevHash' | 'minNtime' | 'nbits'>
  readonly ntime?: number
  readonly version?: number
  readonly extranonce?: Uint8Array
  readonly sequenceNumber?: number
  readonly prefix?: Uint8Array
  /** What the hash has to be like; at or below the channel's target unless told otherwise. */
  readonly hash?: (hash: Uint8Array) => boolean
}

let nonces = 0

/** Looks for a nonce, by real hashing. */
export function findShare(
  channel: TestChannel,
  wanted: ShareWanted & Required<Pick<ShareWanted, 'job' | 'tip'>>,
): SubmitSharesStandard | SubmitSharesExtended {
  const { job, tip } = wanted
  const good = wanted.hash ?? ((hash: Uint8Array) => meetsTarget(hash, channel.target))
  const extranonce = wanted.extranonce ?? filled(0x5a, channel.extranonceSize)
  const merkleRoot = rootOf(job, wanted.prefix ?? channel.prefix, extranonce)
  const version = wanted.version ?? job.version
  const ntime = wanted.ntime ?? tip.minNtime
  for (let tries = 0; tries < 200_000; tries++) {
    nonces = (nonces + 1) >>> 0
    const header: BlockHeader = {
      version,
      prevHash: tip.prevHash,
      merkleRoot,
      ntime,
      nbits: tip.nbits,
      nonce: nonces,
    }
    if (!good(sha256d(encodeHeader(header)))) continue
    const share = {
      channelId: channel.channelId,
      sequenceNumber: wanted.sequenceNumber ?? nonces,
      jobId: job.jobId,
      nonce: nonces,
      ntime,
      version,
    }
    return channel.kind === 'extended'
      ? { type: 'SubmitSharesExtended', ...share, extranonce }
      : { type: 'SubmitSharesStandard', ...share }
  }
  throw new Error('no such share')
}

/** The merkle root a miner mines, by docs/wire.md §4.2. */
export function rootOf(job: Job, prefix: Uint8Array, extranonce: Uint8Array): Uint8Array {
  if (job.type === 'NewMiningJob') return job.merkleRoot
  const coinbase = concatBytes(job.coinbaseTxPrefix, prefix, extranonce, job.coinbaseTxSuffix)
  return merkleRootFromPath(sha256d(coinbase), job.merklePath, sha256d)
}
