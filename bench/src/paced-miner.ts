import type { Message } from '@sv2/messages'
import { Miner } from './miner.ts'

interface Channel {
  readonly channelId: number
  /** Versions of jobs that wait for their tip, by job id. */
  readonly future: Map<number, number>
  jobId: number
  version: number
  ntime: number
}

/** One connection whose channels stay on the newest job, for as long as it takes. */
export class PacedMiner {
  readonly #miner: Miner
  readonly #channels: readonly Channel[]
  readonly #byId: ReadonlyMap<number, Channel>
  #sent = 0
  /** Shares that were acknowledged. */
  accepted = 0

  private constructor(miner: Miner, channels: readonly Channel[]) {
    this.#miner = miner
    this.#channels = channels
    this.#byId = new Map(channels.map((channel) => [channel.channelId, channel]))
    miner.onMessage = (message) => this.#take(message)
  }

  static async connect(url: string, channels: number): Promise<PacedMiner> {
    const miner = await Miner.connect(url)
    const opened = await miner.open(channels)
    return new PacedMiner(
      miner,
      opened.map((channel) => ({ ...channel, future: new Map() })),
    )
  }

  /** Sends shares, a fresh nonce each, over all channels in turn. */
  send(count: number): void {
    const shares: Message[] = []
    for (let n = 0; n < count; n++) {
      const { channelId, jobId, version, ntime } = this.#channels[this.#sent % this.#channels.length]!
      this.#sent++
      const sequenceNumber = this.#sent >>> 0
      const nonce = sequenceNumber
      shares.push({ type: 'SubmitSharesStandard', channelId, sequenceNumber, jobId, nonce, ntime, version })
    }
    if (count > 0) this.#miner.send(...shares)
  }

  end(): void {
    this.#miner.end()
  }

  #take(message: Message): void {
    if (message.type === 'SubmitShares.Success') {
      this.accepted += message.newSubmitsAcceptedCount
      return
    }
    if (message.type !== 'NewMiningJob' && message.type !== 'SetNewPrevHash') return
    const channel = this.#byId.get(message.channelId)
    if (channel === undefined) return
    if (message.type === 'SetNewPrevHash') {
      channel.version = channel.future.get(message.jobId) ?? channel.version
      channel.future.clear()
      channel.jobId = message.jobId
      channel.ntime = message.minNtime
    } else if (message.minNtime === undefined) channel.future.set(message.jobId, message.version)
    else {
      channel.jobId = message.jobId
      channel.version = message.version
      channel.ntime = message.minNtime
    }
  }
}
