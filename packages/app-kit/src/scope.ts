/** Something that is closed at the end. */
export type Closing = () => void | Promise<void>

/** Owns what an app has opened, and closes it in reverse. */
export class Scope {
  readonly #owned: { readonly name: string; readonly close: Closing }[] = []
  #closing: Promise<void> | undefined

  /** Closes this at the end, after everything owned later. */
  own(name: string, close: Closing): void {
    this.#owned.push({ name, close })
  }

  /** Closes everything, once; a failure does not keep the rest from being closed. */
  close(onFailed: (name: string, error: unknown) => void): Promise<void> {
    this.#closing ??= this.#closeAll(onFailed)
    return this.#closing
  }

  async #closeAll(onFailed: (name: string, error: unknown) => void): Promise<void> {
    for (const { name, close } of this.#owned.reverse()) {
      try {
        await close()
      } catch (error) {
        onFailed(name, error)
      }
    }
  }
}
