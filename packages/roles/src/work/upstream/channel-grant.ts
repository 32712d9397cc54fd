import type { Network } from '@sv2/bitcoin'
import type { RefusalCause } from '../../client/channel-refusal.ts'
import type { LinkNews } from '../../client/link.ts'
import type { NumberedLink } from '../../client/upstream-channel.ts'
import { MAX_FULL_EXTRANONCE } from '../../mining/channel/extranonce.ts'
import { wantedPayout } from './payout-check.ts'
import { WorkChannel } from './work-channel.ts'

/**
 * Bytes by which a repeated job is made a search space of its own, where the upstream has room for them: a device that
 * is handed the same work again would otherwise begin it anew.
 */
export const REPEAT_BYTES = 2

/** How much extranonce is asked for behind the leased bytes. */
export interface RolledSize {
  /** Wished for, and used where it is granted. */
  readonly most: number
  /** With fewer bytes than this no miner can work. */
  readonly least: number
}

/**
 * The next size to ask for after an upstream refused one: without the bytes for repeated jobs, then four bytes less
 * each time, down to the least; undefined when there is none, or the refusal is about something else.
 */
export function nextSize(
  asked: number,
  cause: RefusalCause,
  { most, least }: RolledSize,
): number | undefined {
  if (cause !== 'extranonce' || asked <= least) return undefined
  return asked > most ? most : Math.max(least, asked - 4)
}

/**
 * The work channel of a grant; a text says why it cannot be worked with. What is left beside the bytes that miners roll
 * is for repeated jobs.
 * @param sizes.wanted bytes that miners roll already
 */
export function grantedChannel(
  connection: NumberedLink,
  answer: Extract<LinkNews, { kind: 'granted' }>['answer'],
  sizes: {
    readonly leaseSize: number
    readonly rolled: RolledSize
    readonly wanted: number | undefined
    /** Who we are there, and the network of the address in it that has to be paid, where that is asked for. */
    readonly identity: string
    readonly verifyPayout: Network | undefined
  },
): WorkChannel | string {
  if (answer.type !== 'OpenExtendedMiningChannel.Success') return 'it opened the wrong kind of channel'
  const room = answer.extranonceSize - sizes.leaseSize
  const { most, least } = sizes.rolled
  if (room < least) return `it granted ${answer.extranonceSize} bytes of extranonce`
  if (answer.extranonceSize + answer.extranoncePrefix.length > MAX_FULL_EXTRANONCE)
    return 'it granted too much extranonce'
  const { identity, verifyPayout } = sizes
  const payout = verifyPayout === undefined ? undefined : wantedPayout(identity, verifyPayout)
  if (verifyPayout !== undefined && payout === undefined)
    return `who we are there, ${identity}, holds no address of ${verifyPayout} to be paid`
  const spare = room - REPEAT_BYTES >= least ? REPEAT_BYTES : 0
  const rolled = Math.min(room, sizes.wanted ?? Math.min(room - spare, most))
  return new WorkChannel(connection, { answer, size: sizes.leaseSize + rolled, payout })
}
