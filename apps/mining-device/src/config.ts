import { hostSchema, logSchema, upstreamSchema } from '@sv2/app-kit'
import { z } from 'zod'

/** Where a pool listens when the configuration names no port. */
export const DEFAULT_POOL_PORT = 3_333

/** A text as it goes into a message, at most 255 bytes of UTF-8 (STR0_255). */
const shortText = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= 255, 'must be at most 255 bytes of UTF-8')

const device = z
  .strictObject({
    vendor: shortText.default('sv2').describe('Vendor, told to the server'),
    hardware_version: shortText.default('cpu').describe('Hardware, told to the server'),
    firmware: shortText.default('sv2-mining-device').describe('Firmware, told to the server'),
    device_id: shortText.default('').describe('Serial number, told to the server; empty tells none'),
  })
  .prefault({})
  .describe('How the device introduces itself')

const monitoring = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Whether metrics and health are served'),
    host: hostSchema().default('127.0.0.1').describe('Address of /metrics and /healthz'),
    port: z.int().min(0).max(65_535).default(9_095).describe('Port; 0 takes any free one'),
  })
  .prefault({})
  .describe('Metrics (Prometheus) and health')

/** Configuration of the mining device; `--print-default` prints it with comments. */
export const configSchema = z.strictObject({
  user_identity: shortText
    .min(1)
    .default('anonymous.cpu')
    .describe('User and worker, as the pool wants them written'),
  mode: z
    .enum(['standard', 'grouped', 'extended'])
    .default('standard')
    .describe(
      'Channel: standard (jobs of its own), grouped (standard, jobs of the group), extended (rolls extranonce)',
    ),
  min_extranonce_size: z
    .int()
    .min(0)
    .max(32)
    .default(4)
    .describe('With mode = "extended": bytes of extranonce wanted'),
  extensions: z
    .array(z.literal(2))
    .default([])
    .describe('Extensions to ask the pool for, edition current only; [2]: worker names on shares'),
  worker: z
    .string()
    .refine((text) => Buffer.byteLength(text) <= 32, 'must be at most 32 bytes of UTF-8')
    .default('')
    .describe('With mode = "extended" and extensions = [2]: name of this worker on each share'),
  threads: z.int().min(0).max(1024).default(0).describe('Threads that hash; 0: one for each core'),
  hashrate_cap: z
    .number()
    .min(0.001)
    .optional()
    .describe('Most hashes per second of all threads together; without it as many as the machine can do'),
  nominal_hashrate: z
    .number()
    .min(0)
    .default(0)
    .describe('Hash rate declared to the pool, H/s; 0: the cap, or what is measured at the start'),
  upstream: upstreamSchema({
    description: 'The pool or proxy to mine for',
    defaultPort: DEFAULT_POOL_PORT,
  }).prefault({}),
  device,
  monitoring,
  log: logSchema,
})

export type MiningDeviceConfig = z.output<typeof configSchema>
