/** What the driver has to do about connections to upstreams; named by their place in the configuration. */
export type DialCommand =
  /** Connect it, and keep on trying. */
  | { readonly kind: 'dial'; readonly upstream: number }
  /** Stop trying to connect it. */
  | { readonly kind: 'hangUp'; readonly upstream: number }
  /** It wants us at another address; an empty host or port 0 keep what is there (DEV-30). */
  | {
      readonly kind: 'redial'
      readonly upstream: number
      readonly host: string
      readonly port: number
    }

/** What happened to upstreams. */
export type UpstreamFact =
  | { readonly kind: 'upstreamReady'; readonly upstream: number; readonly name: string }
  | { readonly kind: 'upstreamLost'; readonly upstream: number; readonly name: string }
  /** It is there, and does not give what is asked of it. */
  | {
      readonly kind: 'upstreamRefused'
      readonly upstream: number
      readonly name: string
      readonly reason: string
    }
  /** Work comes from another upstream than before. */
  | { readonly kind: 'upstreamUsed'; readonly upstream: number; readonly name: string }
  /** No upstream is there at all. */
  | { readonly kind: 'upstreamsGone' }
