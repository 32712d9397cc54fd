/** What the driver has to do about connections to upstreams; named by their place in the configuration, or by their port. */
export type DialCommand<Upstream = number> =
  /** Connect it, and keep on trying. */
  | { readonly kind: 'dial'; readonly upstream: Upstream }
  /** Stop trying to connect it. */
  | { readonly kind: 'hangUp'; readonly upstream: Upstream }
  /**
   * The connection that ends now is made anew at once: by our own choice, or since it wants us at another address; an
   * empty host or port 0 keep what is there (DEV-30).
   */
  | {
      readonly kind: 'redial'
      readonly upstream: Upstream
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

/** What happened to the work and the shares of a node that works for upstreams. */
export type UpstreamWorkFact =
  /** Work comes from this upstream now. */
  | { readonly kind: 'upstreamUsed'; readonly upstream: number; readonly name: string }
  /** No upstream has been there for a while; so many channels were closed for it. */
  | { readonly kind: 'upstreamsGone'; readonly stopped: number }
  | { readonly kind: 'upstreamMessageIgnored'; readonly upstream: number; readonly reason: string }
  /** Header version bits that devices may roll here from now on. */
  | { readonly kind: 'termsChanged'; readonly versionRollingMask: number }
  /** A share went up. */
  | {
      readonly kind: 'shareSent'
      readonly session: number
      readonly channelId: number
      readonly upstream: number
      readonly isBlock: boolean
    }
  | { readonly kind: 'sharesAcknowledgedAbove'; readonly upstream: number; readonly count: number }
  | {
      readonly kind: 'shareRefusedAbove'
      readonly session: number
      readonly channelId: number
      readonly upstream: number
      readonly code: string
    }
  /** Shares went up, and the upstream went away before it answered. */
  | { readonly kind: 'sharesUnanswered'; readonly upstream: number; readonly count: number }
