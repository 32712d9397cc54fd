import { type App, type V1Sessions, VERSION } from '@sv2/app-kit'
import { configSchema, type TranslatorProxyConfig } from './config.ts'
import { startV1ToV2 } from './v1-to-v2/start.ts'
import { passwordOf } from './v2-to-v1/settings.ts'
import { startV2ToV1 } from './v2-to-v1/start.ts'

export type { TranslatorProxyConfig } from './config.ts'

/** What is known of a running translator. */
export interface RunningTranslatorProxy {
  /** One URL per door and edition, for miners. */
  readonly urls: readonly string[]
  readonly monitoringPort: number
  /** Live numbers. */
  readonly counts: () => TranslatorProxyCounts
  /** Takes V1 sessions of other doors of the process; undefined in direction v2-to-v1. */
  readonly v1?: V1Sessions
}

/** Live numbers of a translator; shares since its start. */
export interface TranslatorProxyCounts {
  readonly connections: number
  readonly channels: number
  /** Shares that were good enough for a device's own target. */
  readonly accepted: number
  readonly refused: number
  /** Shares that went up, and those of them that were acknowledged there. */
  readonly submitted: number
  readonly acknowledged: number
}

/** The translator: miners of one version of Stratum, pools of the other. */
export const translatorProxy: App<TranslatorProxyConfig, RunningTranslatorProxy> = {
  name: 'translator-proxy',
  description: 'Translator between Stratum V1 and V2',
  schema: configSchema,

  check(config) {
    if (config.direction !== 'v2-to-v1') return
    for (const [place] of config.v2_to_v1.pools.entries()) passwordOf(config.v2_to_v1, place)
  },

  start(config, context) {
    switch (config.direction) {
      case 'v1-to-v2':
        return startV1ToV2(config, context, VERSION)
      case 'v2-to-v1':
        return startV2ToV1(config, context, VERSION)
    }
  },
}
