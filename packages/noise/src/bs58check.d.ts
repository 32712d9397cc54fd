// bs58check 4 keeps its declarations out of reach of its "import" condition.
declare module 'bs58check' {
  const bs58check: {
    encode(payload: Uint8Array): string
    /** The payload without its checksum; undefined when the text or its checksum is wrong. */
    decodeUnsafe(text: string): Uint8Array | undefined
  }
  // biome-ignore lint/style/noDefaultExport: the package has no named export
  export default bs58check
}
