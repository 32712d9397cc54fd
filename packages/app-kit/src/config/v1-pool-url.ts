import { z } from 'zod'

/** Where a Stratum V1 pool is. */
export interface V1PoolUrl {
  readonly host: string
  readonly port: number
  readonly tls: boolean
}

const SCHEMES: Readonly<Record<string, boolean>> = { 'stratum+tcp:': false, 'stratum+ssl:': true }

/** The schema of a Stratum V1 pool's address: `stratum+tcp://host:port`, or `stratum+ssl://host:port` for TLS. */
export const v1PoolUrl: z.ZodType<V1PoolUrl> = z.string().transform((text, context): V1PoolUrl => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const tls = SCHEMES[url?.protocol ?? '']
  const port = Number(url?.port)
  if (url === undefined || tls === undefined || url.hostname === '' || !(port >= 1)) {
    context.addIssue({
      code: 'custom',
      message: 'must be stratum+tcp://host:port, or stratum+ssl://host:port for TLS',
    })
    return z.NEVER
  }
  if (url.username !== '' || url.password !== '' || !['', '/'].includes(url.pathname)) {
    context.addIssue({ code: 'custom', message: 'has more than host and port; the user is a key of its own' })
    return z.NEVER
  }
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port, tls }
})
