import { once } from 'node:events'
import { connect } from 'node:net'
import { freePort } from '@sv2/topology'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppProcess } from './process.ts'
import { ProcessStack } from './process-stack.ts'
import { hasPrometheus, orWhyNot, Prometheus } from './prometheus.ts'

/** No block is found meanwhile. */
const DIFFICULTY = { difficulty: 0.01 }

describe.skipIf(!hasPrometheus)(`a Prometheus sees what becomes of processes${orWhyNot}`, () => {
  const stack = new ProcessStack('current')
  const devices: AppProcess[] = []
  let prometheus: Prometheus
  let provider: Awaited<ReturnType<ProcessStack['startProvider']>>
  let pool: Awaited<ReturnType<ProcessStack['startPool']>>
  let deviceMonitoring: number

  beforeAll(async () => {
    prometheus = await Prometheus.start()
    stack.monitoring.provider = await freePort(0)
    stack.monitoring.pool = await freePort(0)
    deviceMonitoring = await freePort(0)
    await stack.startNode(DIFFICULTY)
    provider = await stack.startProvider()
    pool = await stack.startPool(provider.url)
    await prometheus.scrape('template-provider', stack.monitoring.provider)
    await prometheus.scrape('pool', stack.monitoring.pool)
  })

  afterAll(async () => {
    await Promise.all(devices.map((device) => device.kill('SIGKILL')))
    await stack.close()
    await prometheus.stop()
  })

  function startDevice(over: Record<string, unknown>): AppProcess {
    const device = new AppProcess('mining-device', { threads: 1, upstream: { url: pool.url }, ...over })
    devices.push(device)
    return device
  }

  const fires = (alert: string, job: string) => () => prometheus.fires(alert, { job, rules: 'written' })
  const isSilent = (alert: string, job: string) => async () => !(await fires(alert, job)())

  test('nothing fires while all is well', async () => {
    const seen = await prometheus.scrapes('pool')
    await prometheus.until(async () => (await prometheus.scrapes('pool')) > seen + 15)
    expect(await prometheus.values('ALERTS')).toEqual([])
  })

  test('NoShares fires while the only channel brings none, and clears at a share of another', async () => {
    startDevice({ hashrate_cap: 1, nominal_hashrate: 1e12 })
    await prometheus.until(fires('NoShares', 'pool'))
    const good = startDevice({
      hashrate_cap: 1_000,
      monitoring: { enabled: true, port: deviceMonitoring },
    })
    await good.logged('shares accepted')
    await prometheus.until(isSilent('NoShares', 'pool'))
    await prometheus.scrape('device-1', deviceMonitoring)
  })

  test('NodeNotReady fires while the node is away, and clears', async () => {
    await stack.node.stop()
    await prometheus.until(fires('NodeNotReady', 'template-provider'))
    await stack.startNode(DIFFICULTY)
    await prometheus.until(isSilent('NodeNotReady', 'template-provider'))
  })

  test('Down and NoTemplates fire while the provider is away, and clear', async () => {
    await provider.provider.kill('SIGKILL')
    await prometheus.until(fires('Down', 'template-provider'))
    await prometheus.until(fires('NoTemplates', 'pool'))
    provider = await stack.startProvider()
    await prometheus.until(isSilent('Down', 'template-provider'))
    await prometheus.until(isSilent('NoTemplates', 'pool'))
  })

  test('DeviceIdle fires while there is no pool, and clears', async () => {
    await pool.pool.kill('SIGKILL')
    await prometheus.until(fires('DeviceIdle', 'device-1'))
    pool = await stack.startPool(provider.url)
    await prometheus.until(isSilent('DeviceIdle', 'device-1'))
  })

  test('ConnectionsRefused fires while strangers talk no Stratum at the door, and clears', async () => {
    const port = Number(new URL(pool.url).port)
    const talk = async (): Promise<void> => {
      for (let n = 0; n < 100; n++) {
        const socket = connect({ host: '127.0.0.1', port })
        socket.on('error', () => undefined)
        socket.end('GET / HTTP/1.1\r\n\r\n')
        await once(socket, 'close')
      }
    }
    await prometheus.until(async () => {
      await talk()
      return prometheus.fires('ConnectionsRefused', { job: 'pool', rules: 'written' })
    })
    await prometheus.until(() => prometheus.hasFired('ConnectionsRefused', { job: 'pool', rules: 'quick' }))
    await prometheus.until(
      async () => !(await prometheus.fires('ConnectionsRefused', { job: 'pool', rules: 'quick' })),
    )
  })

  test('Restarting fires when the provider was started three times more', async () => {
    expect(await fires('Restarting', 'template-provider')()).toBe(false)
    for (let n = 0; n < 3; n++) {
      await provider.provider.kill('SIGTERM')
      provider = await stack.startProvider()
      const seen = await prometheus.scrapes('template-provider')
      await prometheus.until(async () => (await prometheus.scrapes('template-provider')) > seen + 1)
    }
    await prometheus.until(fires('Restarting', 'template-provider'))
  })
})
