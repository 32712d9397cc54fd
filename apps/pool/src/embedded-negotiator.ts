import {
  type AppContext,
  doorsSchema,
  furtherOutputsKey,
  type NegotiatorServerConfig,
  negotiationKeys,
  optionalNodesSchema,
  type RunningNegotiatorServer,
  startNegotiatorServer,
} from '@sv2/app-kit'
import { z } from 'zod'
import { type PayoutConfig, payoutSettings } from './payout-config.ts'

/** The schema of the job negotiator server inside of the pool's process. */
export function embeddedNegotiatorSchema() {
  // the key of tokens is that of the pool
  const { token_key_file: _, ...keys } = negotiationKeys(optionalNodesSchema)
  return z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe('true: check the jobs that miners make for themselves, and take them'),
      further_outputs: furtherOutputsKey(),
      ...keys,
      listen: doorsSchema({
        host: '0.0.0.0',
        port: 3_334,
        maxPayloadBytes: 5 * 1024 * 1024,
        maxQueuedBytes: 16 * 1024 * 1024,
      }),
    })
    .prefault({ nodes: [], listen: [{}] })
    .describe(
      'A job negotiator server in this process, with data_dir, authority key, token key and payout of the pool',
    )
}

type EmbeddedConfig = z.output<ReturnType<typeof embeddedNegotiatorSchema>>

/** What of the pool's configuration holds for its job negotiator server too. */
type HostConfig = Omit<NegotiatorServerConfig, keyof EmbeddedConfig | 'token_key_file'> & {
  readonly job_negotiator: EmbeddedConfig
  readonly custom_work: { readonly token_key_file?: string | undefined }
  readonly payout: PayoutConfig
}

/** What is wrong with its nodes. */
export function embeddedNegotiatorProblem({
  enabled,
  nodes,
}: Pick<EmbeddedConfig, 'enabled' | 'nodes'>): string | undefined {
  return enabled && nodes.length === 0 ? 'a node is required when it is enabled' : undefined
}

/** Starts it when it is enabled. */
export async function startEmbeddedNegotiator(
  config: HostConfig,
  context: AppContext,
): Promise<RunningNegotiatorServer | undefined> {
  const { job_negotiator: own, custom_work, payout, network } = config
  if (!own.enabled) return undefined
  return startNegotiatorServer(
    { ...config, ...own, token_key_file: custom_work.token_key_file },
    {
      context,
      furtherOutputs: own.further_outputs,
      payout: payoutSettings({ payout, network }),
    },
  )
}
