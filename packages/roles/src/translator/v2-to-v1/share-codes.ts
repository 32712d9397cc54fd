import type { Failure } from '@sv2/sv1'

/** The code of SubmitShares.Error that a V1 pool's refusal of a share becomes; unknown codes mean no more than 20. */
export function shareErrorCode({ code }: Failure): string {
  switch (code) {
    case 21:
      return 'stale-share'
    case 22:
      return 'duplicate-share'
    case 23:
      return 'difficulty-too-low'
    default:
      return 'invalid-share'
  }
}
