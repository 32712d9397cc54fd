import type { App, AppContext, V1Sessions } from '@sv2/app-kit'
import { type PoolConfig, pool, type RunningPool } from '@sv2/pool'
import { templateProvider } from '@sv2/template-provider'
import { translatorProxy } from '@sv2/translator-proxy'
import { minerUrls } from './miner-urls.ts'
import { JSON_LOG, startHere } from './start-here.ts'
import type { Terminal } from './terminal.ts'
import {
  loadUp,
  poolTree,
  printUp,
  providerTree,
  translatorTree,
  type UpConfig,
  upSchema,
} from './up-config.ts'
import { watchMiners } from './watch-miners.ts'
import { welcome } from './welcome.ts'

/** The file that `sv2 init` writes and `sv2 up` reads. */
export const UP_FILE = 'sv2.toml'

/** `sv2 up`: template provider, pool, translator and job negotiator server in one process. */
export function up(terminal: Terminal): App<UpConfig, RunningPool> {
  return {
    name: 'sv2-up',
    description: 'Pool, template provider, job negotiator server, and Stratum V1 and V2 on one port',
    // read by `load`, which checks the sections too
    schema: upSchema as never,
    defaultFile: UP_FILE,
    flags: [JSON_LOG],
    load: (sources) => loadUp(sources, terminal.isInteractive ? 'warn' : 'info'),
    printDefaults: printUp,

    async start(config, context) {
      const { tree, log } = config
      const started = { context, log }
      const provider = await startHere(
        templateProvider,
        templateProvider.schema.parse(providerTree(tree)),
        started,
      )
      const running = await startHere(pool, pool.schema.parse(poolTree(tree, provider.urls[0])), {
        ...started,
        change: { startTranslator: (url) => startTranslator(config, context, url) },
      })
      tell(config, running, { context, terminal })
      return running
    },
  }
}

async function startTranslator(
  { tree, log }: UpConfig,
  context: AppContext,
  url: string,
): Promise<V1Sessions> {
  const config = translatorProxy.schema.parse(translatorTree(tree, url))
  // its miners come by the doors of the pool
  const { v1 } = await startHere(translatorProxy, { ...config, listen: [] }, { context, log })
  if (v1 === undefined) throw new Error('a translator of direction v1-to-v2 takes V1 sessions')
  return v1
}

/** Says where miners connect, and goes on telling how it goes. */
function tell(
  { file, log, tree }: UpConfig,
  running: RunningPool,
  { context, terminal }: { readonly context: AppContext; readonly terminal: Terminal },
): void {
  const config: PoolConfig = pool.schema.parse(poolTree(tree))
  const miners = minerUrls(
    running.urls,
    config.listen.map(({ host }) => host),
  )
  const negotiator = minerUrls(
    running.negotiatorUrls,
    config.job_negotiator.listen.map(({ host }) => host),
  ).v2
  const dashboard = `http://${config.monitoring.host}:${running.monitoringPort}/`
  const toPerson = terminal.isInteractive && log.format !== 'json'
  if (toPerson)
    terminal.print(
      welcome({
        title: `sv2 on ${file.network}, mode ${file.mode}`,
        miners,
        negotiator,
        dashboard,
        mode: file.mode,
        address: file.address,
      }),
    )
  else context.log.info({ ...miners, negotiator, dashboard, mode: file.mode }, 'miners may connect')
  watchMiners(running.counts, context, toPerson ? terminal : undefined)
}
