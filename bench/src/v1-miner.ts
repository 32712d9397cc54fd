import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** One Stratum V1 connection of the load generator: real lines, and shares that are as good as any hash. */
export class V1Miner {
  readonly socket: Socket
  readonly #user: string
  answered = 0
  refused = 0
  onAnswer: () => void = () => undefined
  #jobId = ''
  #ntime = ''
  #sent = 0
  #rest = ''
  #onJob: () => void = () => undefined

  private constructor(socket: Socket, user: string) {
    this.socket = socket
    this.#user = user
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => this.#receive(text))
  }

  /** Subscribes, authorizes, and waits for the first job. */
  static async connect(port: number, user: string): Promise<V1Miner> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    const miner = new V1Miner(socket, user)
    const job = miner.nextJob()
    socket.write(
      `{"id":1,"method":"mining.subscribe","params":["bench/1"]}\n{"id":2,"method":"mining.authorize","params":["${user}","x"]}\n`,
    )
    await job
    miner.answered = 0
    return miner
  }

  nextJob(): Promise<void> {
    return new Promise((resolve) => {
      this.#onJob = resolve
    })
  }

  get unanswered(): number {
    return this.#sent - this.answered
  }

  /** Submits shares, a new nonce each. */
  submit(count: number): void {
    let text = ''
    for (let i = 0; i < count; i++) {
      this.#sent++
      const nonce = (this.#sent >>> 0).toString(16).padStart(8, '0')
      text += `{"id":${this.#sent},"method":"mining.submit","params":["${this.#user}","${this.#jobId}","0000000000000001","${this.#ntime}","${nonce}"]}\n`
    }
    this.socket.write(text)
  }

  end(): void {
    this.socket.destroy()
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.includes('"result":true')) this.answered++
      else if (line.includes('"method":"mining.notify"')) this.#job(line)
      else if (line.includes('"error":[')) this.refused++
    }
    this.onAnswer()
  }

  #job(line: string): void {
    const { params } = JSON.parse(line) as { params: string[] }
    this.#jobId = params[0] ?? ''
    this.#ntime = params[7] ?? ''
    this.#onJob()
  }
}
