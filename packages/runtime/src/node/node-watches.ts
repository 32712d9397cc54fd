import type { Room } from '@sv2/roles/ground'
import type { NodeState, NodeWatchObserver, TemplateWatch } from './template-watch.ts'

/** One of several nodes that templates may come from. */
export interface WatchedNode {
  /** As messages name it. */
  readonly name: string
  /** Makes what follows it. */
  watch(observer: NodeWatchObserver): TemplateWatch
}

/**
 * Follows several nodes: templates come from the first one that hands some out. The others are left alone until those before them
 * do not, and again when one of those is back.
 */
export class NodeWatches implements TemplateWatch {
  readonly #nodes: readonly WatchedNode[]
  readonly #observer: NodeWatchObserver
  /** Of the first so many nodes. */
  readonly #watches: TemplateWatch[] = []
  /** Place of the node that templates come from. */
  #giving = 0
  #room: Room | undefined
  #stopped = false

  constructor(nodes: readonly WatchedNode[], observer: NodeWatchObserver) {
    this.#nodes = nodes
    this.#observer = observer
  }

  get isReady(): boolean {
    return this.#watches[this.#giving]?.isReady ?? false
  }

  /** Starts; the nodes are followed until `stop`. */
  async run(): Promise<void> {
    this.#startNext()
  }

  poke(): void {
    for (const watch of this.#watches) watch.poke()
  }

  setRoom(room: Room): void {
    this.#room = room
    for (const watch of this.#watches) watch.setRoom(room)
  }

  stop(): void {
    this.#stopped = true
    for (const watch of this.#watches.splice(0)) watch.stop()
  }

  #startNext(): void {
    const place = this.#watches.length
    const node = this.#nodes[place]
    if (node === undefined || this.#stopped) return
    // a node that was left tells nothing any more
    const isOurs = (): boolean => this.#watches[place] === watch
    const watch = node.watch({
      onTemplate: (template) => {
        if (!isOurs() || !this.#gives(place, node.name)) return
        this.#observer.onTemplate(template)
      },
      onTip: (tip) => {
        if (isOurs() && place === this.#giving) this.#observer.onTip?.(tip)
      },
      onState: (state) => {
        if (isOurs()) this.#state(place, state)
      },
    })
    this.#watches.push(watch)
    if (this.#room !== undefined) watch.setRoom(this.#room)
    void watch.run()
  }

  /** A node has a template. Answers whether it is wanted: not while a node before it gives some. */
  #gives(place: number, name: string): boolean {
    if (place > this.#giving && this.#watches[this.#giving]?.isReady === true) return false
    for (const watch of this.#watches.splice(place + 1)) watch.stop()
    if (place > this.#giving) this.#observer.onState({ kind: 'instead', node: name })
    this.#giving = place
    return true
  }

  #state(place: number, state: NodeState): void {
    // those before the one that gives are tried again for ever, which is no news
    if (state.kind !== 'polled' && place < this.#giving) return
    if (state.kind === 'ready' && place > this.#giving) return
    this.#observer.onState(state)
    if (state.kind === 'waiting' && place === this.#watches.length - 1) this.#startNext()
  }
}
