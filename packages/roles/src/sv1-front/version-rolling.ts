import type { FrontState } from './front-state.ts'
import { tellMiner } from './front-state.ts'
import type { Sv1Session } from './sv1-session.ts'
import { BIP320_MASK } from './version-mask.ts'

/** Version bits that sessions may be granted now: what the operator and the upstreams allow, as far as that is known. */
export function availableMask({ settings, core }: FrontState): number {
  return (settings.front.versionRollingMask & (core.versionRollingMask ?? BIP320_MASK)) >>> 0
}

/** Tells a session that configured version rolling what holds from now on, where that has changed. */
export function tellMask(state: FrontState, session: Sv1Session): void {
  const { askedMask, coreMask } = session
  if (askedMask === undefined) return
  const allowed = session.jobAllowsRolling ? availableMask(state) & coreMask : 0
  const mask = (askedMask & allowed) >>> 0
  if (mask === session.toldMask) return
  session.toldMask = mask
  tellMiner(state, session, { type: 'mining.set_version_mask', mask })
}
