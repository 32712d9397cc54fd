import { concatBytes, encodeCompactSize, encodeOutput, unhex } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import { POOL_SCRIPT_HEX } from './farm.ts'
import { type Answer, ScriptedServer } from './scripted-server.ts'

/** What a scripted pool does wrong. */
export type Vice =
  | 'none'
  | 'refuses declarations'
  | 'refuses custom jobs'
  | 'refuses the shares of jobs that it agreed to'
  | 'does not answer declarations'
  | 'does not answer custom jobs'
  | 'gives no tokens'

/** A share is expected every 4,300 hashes. */
const SHARE_TARGET = unhex(`${'ff'.repeat(30)}0f00`)

const CHANNEL = 7
const OUTPUT = { value: 0n, script: unhex(POOL_SCRIPT_HEX) }

/** A pool with its negotiator server that keeps to the protocol, and fails its clients in one way at a time. */
export class ScriptedPool {
  vice: Vice = 'none'
  /** Shares that it acknowledged. */
  acknowledged = 0
  readonly pool: ScriptedServer
  readonly server: ScriptedServer
  #count = 0

  private constructor(pool: ScriptedServer, server: ScriptedServer) {
    this.pool = pool
    this.server = server
  }

  static async open(): Promise<ScriptedPool> {
    let scripted: ScriptedPool | undefined
    const pool = await ScriptedServer.open('mining', (...what) =>
      (scripted as ScriptedPool).#poolSays(...what),
    )
    const server = await ScriptedServer.open('negotiation', (...what) =>
      (scripted as ScriptedPool).#serverSays(...what),
    )
    scripted = new ScriptedPool(pool, server)
    return scripted
  }

  /** The pair as a negotiator client is configured with it. */
  get upstream() {
    const plain = (port: number) => ({ host: '127.0.0.1', port, noise: false })
    return {
      user_identity: 'farm',
      pool: plain(this.pool.port),
      negotiator: plain(this.server.port),
    }
  }

  /** As it is called in the log of the client. */
  get name(): string {
    return `127.0.0.1:${this.pool.port}`
  }

  leave(): void {
    this.pool.leave()
    this.server.leave()
  }

  comeBack(): void {
    this.pool.comeBack()
    this.server.comeBack()
  }

  close(): void {
    this.pool.close()
    this.server.close()
  }

  #poolSays(message: Message, say: Parameters<Answer>[1]): void {
    switch (message.type) {
      case 'SetupConnection':
        return say({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
      case 'OpenExtendedMiningChannel':
        return say({
          type: 'OpenExtendedMiningChannel.Success',
          requestId: message.requestId,
          channelId: CHANNEL,
          target: SHARE_TARGET,
          extranonceSize: message.minExtranonceSize,
          extranoncePrefix: Uint8Array.of(1, 2, 3, 4),
          groupChannelId: CHANNEL + 1,
        })
      case 'SetCustomMiningJob':
        return this.#numbers(message.requestId, say)
      case 'SubmitSharesExtended':
        return this.#judges(message.sequenceNumber, say)
    }
  }

  #numbers(requestId: number, say: Parameters<Answer>[1]): void {
    if (this.vice === 'does not answer custom jobs') return
    if (this.vice === 'refuses custom jobs') {
      const errorCode = 'invalid-coinbase-tx'
      return say({ type: 'SetCustomMiningJob.Error', channelId: CHANNEL, requestId, errorCode })
    }
    this.#count++
    say({ type: 'SetCustomMiningJob.Success', channelId: CHANNEL, requestId, jobId: this.#count })
  }

  #judges(sequenceNumber: number, say: Parameters<Answer>[1]): void {
    if (this.vice === 'refuses the shares of jobs that it agreed to') {
      const errorCode = 'difficulty-too-low'
      return say({ type: 'SubmitShares.Error', channelId: CHANNEL, sequenceNumber, errorCode })
    }
    this.acknowledged++
    say({
      type: 'SubmitShares.Success',
      channelId: CHANNEL,
      lastSequenceNumber: sequenceNumber,
      newSubmitsAcceptedCount: 1,
      newSharesSum: 1n,
    })
  }

  #serverSays(message: Message, say: Parameters<Answer>[1]): void {
    const { vice } = this
    switch (message.type) {
      case 'SetupConnection':
        return say({ type: 'SetupConnection.Success', usedVersion: 2, flags: message.flags })
      case 'AllocateMiningJobToken':
        if (vice === 'gives no tokens') return
        return say({
          type: 'AllocateMiningJobToken.Success',
          requestId: message.requestId,
          miningJobToken: this.#token(),
          coinbaseTxOutputs: concatBytes(encodeCompactSize(1), encodeOutput(OUTPUT)),
          coinbaseOutputMaxAdditionalSize: 31,
          asyncMiningAllowed: false,
        })
      case 'DeclareMiningJob': {
        const { requestId } = message
        if (vice === 'does not answer declarations') return
        if (vice === 'refuses declarations') {
          const errorDetails = new Uint8Array(0)
          return say({ type: 'DeclareMiningJob.Error', requestId, errorCode: 'invalid-job', errorDetails })
        }
        return say({ type: 'DeclareMiningJob.Success', requestId, newMiningJobToken: this.#token() })
      }
    }
  }

  #token(): Uint8Array {
    this.#count++
    return Uint8Array.of(this.#count >>> 16, this.#count >>> 8, this.#count)
  }
}
