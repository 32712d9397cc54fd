// A pool on your own node: prints the URL that miners are pointed at.
//   pool.ts http://127.0.0.1:18443 /path/to/.cookie ADDRESS
import { type App, type BaseConfig, createLogger, createRegistry, Scope } from '@sv2/app-kit'
import { pool } from '@sv2/pool'
import { systemClock } from '@sv2/runtime'
import { templateProvider } from '@sv2/template-provider'

const [url, cookie_file, address] = process.argv.slice(2)
const scope = new Scope()

/** Starts an app of this stack in this process. Its settings are those of its TOML file. */
function start<Config extends BaseConfig, Running>(
  app: App<Config, Running>,
  settings: object,
): Promise<Running> {
  return app.start(app.schema.parse(settings), {
    log: createLogger(app.name, { level: 'warn', format: 'auto' }),
    registry: createRegistry(app.name),
    scope,
    clock: systemClock,
  })
}

const provider = await start(templateProvider, {
  network: 'regtest',
  nodes: [{ url, cookie_file }],
  listen: [{ port: 0 }],
  monitoring: { port: 0 },
})
const running = await start(pool, {
  network: 'regtest',
  payout: { mode: 'pool', address },
  template_provider: { url: provider.urls[0] },
  difficulty: { min_difficulty: 1e-8, start_difficulty: 1e-7 },
  listen: [{ host: '127.0.0.1', port: 0 }],
  monitoring: { port: 0 },
})
console.log(running.urls[0])

process.once('SIGTERM', async () => {
  await scope.close((name, error) => console.error(name, error))
  process.exit()
})
