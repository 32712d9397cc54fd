import { MAX_FULL_EXTRANONCE } from '../device/grant.ts'
import type { LinkNews, UpstreamLink } from './link.ts'
import { WorkChannel } from './work-channel.ts'

/**
 * Codes by which an upstream says that we want more extranonce than it has. One edition has no word for it and says
 * that the target is out of range, which ours never is.
 */
const TOO_LARGE = new Set([
  'min-extranonce-size-too-large',
  'unsupported-min-extranonce-size',
  'max-target-out-of-range',
])

/** How much extranonce is asked for behind the leased bytes. */
export interface RolledSize {
  /** Wished for, and used where it is granted. */
  readonly most: number
  /** With less than this nobody below can work. */
  readonly least: number
}

/**
 * The next size to ask for after an upstream refused one: four bytes less, down to the least; undefined when there is
 * none, or the refusal is about something else.
 */
export function nextSize(asked: number, code: string, { least }: RolledSize): number | undefined {
  if (!TOO_LARGE.has(code) || asked <= least) return undefined
  return Math.max(least, asked - 4)
}

/** The work channel of a grant; a text says why it cannot be worked with. `wanted`: bytes that miners roll already. */
export function grantedChannel(
  where: { readonly upstream: number; readonly link: UpstreamLink },
  answer: Extract<LinkNews, { kind: 'granted' }>['answer'],
  sizes: { readonly leaseSize: number; readonly rolled: RolledSize; readonly wanted: number | undefined },
): WorkChannel | string {
  if (answer.type !== 'OpenExtendedMiningChannel.Success') return 'it opened the wrong kind of channel'
  const room = answer.extranonceSize - sizes.leaseSize
  const { most, least } = sizes.rolled
  if (room < least) return `it granted ${answer.extranonceSize} bytes of extranonce`
  if (answer.extranonceSize + answer.extranoncePrefix.length > MAX_FULL_EXTRANONCE)
    return 'it granted too much extranonce'
  return new WorkChannel(where, { answer, size: sizes.leaseSize + Math.min(room, sizes.wanted ?? most) })
}
