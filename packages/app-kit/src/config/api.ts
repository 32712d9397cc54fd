import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { ApiSettings } from '../api/serve-api.ts'
import { hostSchema } from './host.ts'
import { readableFile } from './server.ts'

/** The part of a configuration that says what is told of miners, and to whom. */
export function apiSchema() {
  return z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe('Serve /api/v1 and the dashboard at the address of [monitoring]'),
      cors_origins: z
        .array(z.string().regex(/^https?:\/\/[^/\s]+$/, 'must be an origin such as https://example.org'))
        .max(64)
        .default([])
        .describe('Web pages of other hosts that may read the API; none by default'),
      token_file: readableFile()
        .refine(holdsToken, 'must hold at least 16 characters')
        .describe(
          'File with the token that requests which change something must bring; without it nothing can be changed',
        ),
      max_requests_per_second: z
        .int()
        .min(1)
        .max(100_000)
        .default(100)
        .describe('Requests of one address in a second'),
      max_workers: z
        .int()
        .min(1)
        .max(1_000_000)
        .default(20_000)
        .describe('Workers that are told apart, those that left among them; up to 2 kB of memory each'),
    })
    .prefault({})
    .describe('Statistics of miners: API and dashboard')
}

export type ApiConfig = z.output<ReturnType<typeof apiSchema>>

/** Characters of a token, at least. */
const TOKEN_LENGTH = 16

function holdsToken(file: string | undefined): boolean {
  if (file === undefined) return true
  try {
    return tokenOf(file).length >= TOKEN_LENGTH
  } catch {
    // that it cannot be read is said already
    return true
  }
}

function tokenOf(file: string): string {
  return readFileSync(file, 'utf8').trim()
}

/** What the server is told of it. */
export function apiSettings(config: ApiConfig): Omit<ApiSettings, 'onFault'> {
  const { token_file: file } = config
  return {
    corsOrigins: config.cors_origins,
    maxRequestsPerSecond: config.max_requests_per_second,
    token: file === undefined ? undefined : tokenOf(file),
  }
}

/** The part of a configuration that says where numbers of a node with miners are served. */
export function minersMonitoringSchema(defaultPort: number) {
  return z
    .strictObject({
      host: hostSchema()
        .default('127.0.0.1')
        .describe('Address of /metrics, /healthz, /api/v1 and the dashboard'),
      port: z.int().min(0).max(65535).default(defaultPort).describe('Port; 0 takes any free one'),
      per_worker: z
        .boolean()
        .default(false)
        .describe('true: /metrics has hash rate and shares of each worker, with its name as a label'),
      max_workers: z
        .int()
        .min(1)
        .max(100_000)
        .default(1_000)
        .describe('With per_worker: workers that get series of their own, those that came first'),
    })
    .prefault({})
    .describe('Metrics (Prometheus), health, and pages')
}

export type MinersMonitoringConfig = z.output<ReturnType<typeof minersMonitoringSchema>>
