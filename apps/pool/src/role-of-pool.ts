import type { DialedServer } from '@sv2/app-kit'
import { portName } from '@sv2/roles/ground'
import type { PoolEffect, RecordEffect } from '@sv2/roles/pool'
import type { PoolConfig } from './config.ts'
import { negotiatorServers, templateProvider } from './settings.ts'

/** The servers that a pool's role is connected with. */
export function poolServers(config: PoolConfig): DialedServer[] {
  const failed = (what: string) => ({ text: `${what} cannot be reached` })
  return [
    {
      name: 'template provider',
      port: { kind: 'templates' },
      settings: templateProvider(config.template_provider),
      onFailed: failed('template provider'),
    },
    ...config.backup_template_providers.map((provider, index) => ({
      name: `backup template provider ${index}`,
      port: { kind: 'backupTemplates', index },
      settings: templateProvider(provider),
      onFailed: failed('backup template provider'),
    })),
    ...negotiatorServers(config).map((settings, n) => {
      const port = { kind: 'negotiator', index: n }
      return { name: portName(port), port, settings, onFailed: failed('negotiator') }
    }),
  ]
}

/** Whether an effect is something for the journal. */
export function isRecord(
  effect: Exclude<PoolEffect, { kind: 'send' | 'close' | 'pause' }>,
): effect is RecordEffect {
  return effect.kind === 'recordShare' || effect.kind === 'recordBlock' || effect.kind === 'recordTip'
}
