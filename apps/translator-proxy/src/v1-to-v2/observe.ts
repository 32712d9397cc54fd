import {
  isV1Fact,
  type Logger,
  observeSv1,
  observeUpstreamWork,
  type Registry,
  type SentTotals,
} from '@sv2/app-kit'
import type { V1ToV2Effect } from '@sv2/roles/translator'

/** What the role tells besides what is to be done. */
type Fact = Exclude<
  V1ToV2Effect,
  { readonly kind: 'send' | 'close' | 'pause' | 'dial' | 'hangUp' | 'redial' }
>

/** What makes lines and numbers of what happens in the translator. */
export interface V1ToV2Observer {
  fact(fact: Fact): void
  /** Since the start. */
  totals(): SentTotals
  readonly warn: Logger['warn']
}

/** Turns what happens in the translator into log lines and numbers. */
export function createObserver(log: Logger, registry: Registry): V1ToV2Observer {
  const work = observeUpstreamWork(log, registry, 'sv2_translator')
  const v1 = observeSv1(log, registry, work.miners)
  return {
    warn: work.miners.warn,
    totals: () => {
      const totals = work.totals()
      return { ...totals, refused: totals.refused + v1.refused() }
    },

    fact(fact) {
      if (isV1Fact(fact)) v1.fact(fact)
      else work.fact(fact)
    },
  }
}
