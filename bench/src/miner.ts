import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { FrameSplitter } from '@sv2/codec'
import type { Message, MessageNamed, MessageType, Speller } from '@sv2/messages'
import { createInitiator, parsePoolUrl, type Transport } from '@sv2/noise'
import { EDITIONS, systemNoise } from '@sv2/runtime'

/** One connection of the load generator: real noise, real frames. */
export class Miner {
  readonly socket: Socket
  readonly transport: Transport
  readonly speller: Speller
  /** Called for every message; replaced by who needs them. */
  onMessage: (message: Message) => void = () => undefined
  readonly #splitter = new FrameSplitter()
  #awaited: { readonly type: MessageType; readonly resolve: (message: Message) => void }[] = []

  private constructor(socket: Socket, transport: Transport, speller: Speller) {
    this.socket = socket
    this.transport = transport
    this.speller = speller
  }

  static async connect(url: string, protocol: 'mining' | 'templates' = 'mining'): Promise<Miner> {
    const { host, port, authorityKey, edition } = parsePoolUrl(url)
    const socket = connect({ host, port: port ?? 0, noDelay: true })
    await once(socket, 'connect')
    const initiator = createInitiator({ edition, authorityKey }, systemNoise)
    socket.write(initiator.start())
    for (;;) {
      const [chunk] = (await once(socket, 'data')) as [Buffer]
      const { done } = initiator.receive(chunk, Math.floor(Date.now() / 1000))
      if (done === undefined) continue
      const speller = EDITIONS[edition].connection({ side: 'client', protocol })
      const miner = new Miner(socket, done.transport, speller)
      socket.on('data', (data: Buffer) => miner.#receive(data))
      return miner
    }
  }

  send(...messages: Message[]): void {
    this.socket.write(this.transport.seal(messages.map((message) => this.speller.encode(message))))
  }

  /** Waits for one message of a type; several may be waited for at one time. */
  next<T extends MessageType>(type: T): Promise<MessageNamed<T>> {
    return new Promise((resolve) => {
      this.#awaited.push({ type, resolve: resolve as (message: Message) => void })
    })
  }

  /** Sets up and opens channels, header-only ones unless `kind` says otherwise; answers them with their first job. */
  async open(
    channels: number,
    { user = 'bench', kind = 'standard' }: { readonly user?: string; readonly kind?: ChannelKind } = {},
  ): Promise<OpenedChannel[]> {
    if (kind === 'extended') return this.#openExtended(channels, user)
    const opened: OpenedChannel[] = []
    const tips = new Map<number, number>()
    const done = new Promise<void>((resolve) => {
      this.onMessage = (message) => {
        if (message.type === 'OpenStandardMiningChannel.Success') {
          opened.push({ channelId: message.channelId, jobId: 0, version: 0, ntime: 0, extranonceSize: 0 })
        } else if (message.type === 'NewMiningJob') {
          const channel = opened.find(({ channelId }) => channelId === message.channelId)
          if (channel !== undefined)
            Object.assign(channel, { jobId: message.jobId, version: message.version })
        } else if (message.type === 'SetNewPrevHash') {
          tips.set(message.channelId, message.minNtime)
          if (tips.size >= channels) resolve()
        } else if (message.type === 'OpenMiningChannel.Error') throw new Error(message.errorCode)
      }
    })
    this.#setUp(1)
    const maxTarget = new Uint8Array(32).fill(0xff)
    for (let requestId = 1; requestId <= channels; requestId++) {
      this.send({
        type: 'OpenStandardMiningChannel',
        requestId,
        userIdentity: user,
        nominalHashRate: 0,
        maxTarget,
      })
    }
    await done
    this.onMessage = () => undefined
    return opened.map((channel) => ({ ...channel, ntime: tips.get(channel.channelId) ?? 0 }))
  }

  /** Sets up and asks for one extended channel. */
  openExtended(): void {
    this.#setUp(0)
    this.send({
      type: 'OpenExtendedMiningChannel',
      requestId: 1,
      userIdentity: 'bench',
      nominalHashRate: 0,
      maxTarget: new Uint8Array(32).fill(0xff),
      minExtranonceSize: 8,
    })
  }

  /** Each channel is told its first job by itself, when it is opened; the group hears of later ones. */
  async #openExtended(channels: number, user: string): Promise<OpenedChannel[]> {
    this.#setUp(0)
    const maxTarget = new Uint8Array(32).fill(0xff)
    const opened: OpenedChannel[] = []
    for (let requestId = 1; requestId <= channels; requestId++) {
      const job = this.next('NewExtendedMiningJob')
      const tip = this.next('SetNewPrevHash')
      const success = this.next('OpenExtendedMiningChannel.Success')
      const common = { userIdentity: user, nominalHashRate: 0, maxTarget, minExtranonceSize: 8 }
      this.send({ type: 'OpenExtendedMiningChannel', requestId, ...common })
      const { channelId, extranonceSize } = await success
      const { jobId, version } = await job
      opened.push({ channelId, extranonceSize, jobId, version, ntime: (await tip).minNtime })
    }
    return opened
  }

  end(): void {
    this.socket.destroy()
  }

  #setUp(flags: number): void {
    this.send({
      type: 'SetupConnection',
      protocol: 0,
      minVersion: 2,
      maxVersion: 2,
      flags,
      endpointHost: '127.0.0.1',
      endpointPort: 3333,
      vendor: 'bench',
      hardwareVersion: 'bench',
      firmware: '1',
      deviceId: '',
    })
  }

  #receive(chunk: Uint8Array): void {
    for (const piece of this.transport.open(chunk)) {
      for (const frame of this.#splitter.push(piece)) this.#take(this.speller.decode(frame))
    }
  }

  #take(message: Message): void {
    this.onMessage(message)
    if (this.#awaited.length === 0) return
    this.#awaited = this.#awaited.filter(({ type, resolve }) => {
      if (type === message.type) resolve(message)
      return type !== message.type
    })
  }
}

export type ChannelKind = 'standard' | 'extended'

export interface OpenedChannel {
  readonly channelId: number
  readonly jobId: number
  readonly version: number
  readonly ntime: number
  /** Bytes that the device rolls; 0 on a standard channel. */
  readonly extranonceSize: number
}
