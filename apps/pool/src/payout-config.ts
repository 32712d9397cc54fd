import { addressProblem, payoutProblem } from '@sv2/app-kit'
import { addressToScript, hex, type Network, unhex } from '@sv2/bitcoin'
import { MOST_FEE_BLOCKS, SCORE_OF_A_BLOCK, type SchemeSettings, type Terms } from '@sv2/roles/ledger'
import { PAYOUT_CLASSES } from '@sv2/roles/payouts'
import type { PayoutSettings } from '@sv2/roles/pool'
import { z } from 'zod'

/** How many decimals of `window_blocks` count. */
const WINDOW_STEPS = 1_000_000

/** `[payout]`: who is paid for a block. */
export const payoutSchema = z
  .strictObject({
    mode: z
      .enum(['pool', 'solo', 'pplns', 'slice', 'round', 'group', 'fpps'])
      .default('pool')
      .describe(
        'pool: every block pays address; solo: it pays the address in the user identity; pplns: it pays miners by their work in the last window_blocks; slice: as pplns, and miners’ own jobs earn fees as far as they have them; round: by work since the last block; group: by parts; fpps: address, and miners are owed each share at once',
      ),
    address: z
      .string()
      .min(1)
      .optional()
      .describe('Address of the pool: its fee, and what is held for miners; in mode pool all of a block'),
    max_payouts: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(10_000)
      .describe(
        'Mode solo, and doors with payout_mode solo: addresses that are paid at one time; beyond that, the client that brought most gives one up',
      ),
    max_payouts_per_address: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(100)
      .describe('Of them, those that miners of one network address bring; not for those on allow_list'),
    fee_ppm: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(0)
      .describe('Not in modes pool and solo: fee of the pool, parts of a million; 10000 is 1 %'),
    window_blocks: z
      .number()
      .min(0.001)
      .max(10_000)
      .default(8)
      .describe('Modes pplns and slice: work that counts, in blocks that it is worth'),
    fee_blocks: z
      .int()
      .min(1)
      .max(MOST_FEE_BLOCKS)
      .default(144)
      .describe(
        'Mode fpps: transaction fees of an expected block are the average of so many blocks before it, as templates had them',
      ),
    names: z
      .boolean()
      .default(false)
      .describe(
        'Modes that split blocks: true takes names too (2 to 24 of a-z, 0-9, _ and -), which are owed what they earn until they set an address by its signature',
      ),
    dust_sat: z
      .int()
      .min(0)
      .max(0xffff_ffff)
      .default(546)
      .describe('A coinbase pays nobody less than this, satoshi; it is owed, and paid later'),
    refresh_sec: z
      .number()
      .min(1)
      .max(3_600)
      .default(30)
      .describe('Who is paid is computed anew after this time, at each tip and after each block, seconds'),
    confirmations: z
      .int()
      .min(1)
      .max(1_000)
      .default(6)
      .describe('Blocks after which a block of ours counts for good'),
    parts: z
      .array(
        z
          .strictObject({
            address: z.string().min(1).describe('Address of the network'),
            part: z.int().min(1).max(1_000_000_000).describe('Of the sum of all parts'),
          })
          .describe('Mode group: a member'),
      )
      .max(500)
      .default([]),
  })
  .prefault({})
  .describe('Who is paid for a block')

export type PayoutConfig = z.output<typeof payoutSchema>

/** What is wrong with the payout, by key. */
export function payoutProblems(
  payout: PayoutConfig,
  network: Network,
): readonly { readonly key: keyof PayoutConfig; readonly message: string }[] {
  const mode = payout.mode === 'solo' ? 'solo' : 'pool'
  const address = payoutProblem({ ...payout, mode }, network)
  const { parts, names } = payout
  const wrong = parts.flatMap((part) => addressProblem(part.address, network) ?? [])
  return [
    ...(address === undefined
      ? []
      : [{ key: 'address' as const, message: address.replace('in mode pool', `in mode ${payout.mode}`) }]),
    ...(names && !isShared(payout)
      ? [
          {
            key: 'names' as const,
            message: `is for modes that split blocks: mode ${payout.mode} owes nobody anything`,
          },
        ]
      : []),
    ...wrong.map((message) => ({ key: 'parts' as const, message })),
    ...(payout.mode === 'group' && parts.length === 0
      ? [{ key: 'parts' as const, message: 'is required in mode group' }]
      : []),
  ]
}

/** Whether blocks are split among miners. */
export function isShared({ mode }: PayoutConfig): boolean {
  return mode !== 'pool' && mode !== 'solo'
}

/** Why a door cannot say payout_mode = "solo", in a mode that splits no blocks. */
export function soloDoorProblem({ mode }: PayoutConfig): string {
  return mode === 'solo'
    ? 'says nothing more in payout.mode solo: there every door is one'
    : 'needs a payout.mode that splits blocks (pplns, slice, round, group or fpps): mode pool keeps no books'
}

/** What roles are told of it. */
export function payoutSettings({
  payout,
  network,
}: {
  readonly payout: PayoutConfig
  readonly network: Network
}): PayoutSettings {
  const limits = { maxPayouts: payout.max_payouts, maxPayoutsPerAddress: payout.max_payouts_per_address }
  if (payout.mode === 'solo') return { mode: 'solo', network, ...limits }
  const script = addressToScript(payout.address ?? '', network)
  if (!isShared(payout)) return { mode: 'pool', script }
  const solo = { ...limits, feePpm: BigInt(payout.fee_ppm) }
  return {
    mode: 'shared',
    network,
    poolScript: script,
    classes: PAYOUT_CLASSES,
    solo,
    takesNames: payout.names,
  }
}

/**
 * The terms that the ledger splits by; undefined in mode pool, where nobody is owed anything.
 * @param furtherOutputs scripts, hex, of outputs without value that jobs of miners must have: those that follow a distribution too
 */
export function termsOf(
  { payout, network }: { readonly payout: PayoutConfig; readonly network: Network },
  furtherOutputs: readonly string[],
): Terms | undefined {
  const scheme = schemeOf(payout, network)
  if (scheme === undefined) return undefined
  return {
    scheme,
    feePpm: isShared(payout) ? BigInt(payout.fee_ppm) : 0n,
    poolScript: payout.address === undefined ? new Uint8Array(0) : addressToScript(payout.address, network),
    ...(furtherOutputs.length > 0 && { additionalScripts: furtherOutputs.map(unhex) }),
    dustLimit: payout.dust_sat,
    maxPayouts: MAX_LISTED_PAYOUTS,
    refreshMs: payout.refresh_sec * 1000,
    confirmations: payout.confirmations,
  }
}

function schemeOf(payout: PayoutConfig, network: Network): SchemeSettings | undefined {
  const { mode, window_blocks, parts } = payout
  switch (mode) {
    case 'pool':
      return undefined
    case 'solo':
    case 'round':
      return { scheme: mode }
    case 'fpps':
      return { scheme: mode, feeBlocks: payout.fee_blocks }
    case 'group': {
      const keys = parts.map(
        ({ address, part }) => [hex(addressToScript(address, network)), BigInt(part)] as const,
      )
      return { scheme: mode, parts: new Map(keys) }
    }
    default: {
      const steps = BigInt(Math.round(window_blocks * WINDOW_STEPS))
      return { scheme: mode, window: (steps * SCORE_OF_A_BLOCK) / BigInt(WINDOW_STEPS) }
    }
  }
}

/** Miners that a distribution lists: those that the largest coinbase has room for. */
const MAX_LISTED_PAYOUTS = 510
