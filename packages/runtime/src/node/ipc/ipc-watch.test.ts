import type { NodeTemplate } from '@sv2/roles/ground'
import { afterEach, describe, expect, test } from 'vitest'
import { Signal } from '../../_fixtures.ts'
import type { NodeState } from '../template-watch.ts'
import { payment, ScriptedCore, type Seen } from './_scripted-core.ts'
import { IpcWatch } from './ipc-watch.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const close of cleanUp.splice(0).reverse()) await close()
})

async function aCore(): Promise<ScriptedCore> {
  const core = await ScriptedCore.start()
  cleanUp.push(() => core.stop())
  return core
}

function watching(
  core: Pick<ScriptedCore, 'path'>,
  { intervalMs = 60_000, emptyFirst = false }: { intervalMs?: number; emptyFirst?: boolean } = {},
) {
  const templates = new Signal<NodeTemplate>()
  const states = new Signal<NodeState>()
  const tips: number[] = []
  const watch = new IpcWatch(core.path, {
    settings: { network: 'regtest', intervalMs, emptyFirst, feeThreshold: 1_000n },
    observer: {
      onTemplate: (template) => templates.give(template),
      onState: (state) => states.give(state),
      onTip: ({ height }) => tips.push(height),
    },
  })
  const running = watch.run()
  cleanUp.push(() => {
    watch.stop()
    return running
  })
  return { watch, templates, states, tips, running }
}

const waiting = (part: string) => (state: NodeState) =>
  state.kind === 'waiting' && state.message.includes(part)
/** Of BlockCreateOptions: whether the mempool is used, and the room. */
function optionsOf({ parameters }: Seen) {
  const options = parameters.struct(1)
  return {
    useMempool: !options.bit(0),
    weight: Number(options.int64(8) ^ 8_000n),
    sigops: Number(options.int64(16) ^ 400n),
  }
}
const made = (core: ScriptedCore) =>
  core.calls.filter(({ name }) => name === 'Mining.createNewBlock').map(optionsOf)

describe('a node that is watched on its socket', () => {
  test('gives a template at once, as it has made it', async () => {
    const core = await aCore()
    core.template = { transactions: [payment(1), payment(2)], fees: 7 }
    const { watch, templates, states, tips } = watching(core)
    await templates.count(1)
    await states.count(1)
    expect(watch.isReady).toBe(true)
    expect(templates.seen[0]).toMatchObject({
      prevHash: core.tipHash(),
      height: 101,
      nbits: 0x207fffff,
      curtime: 1_700_000_000,
      coinbaseValue: 5_000_000_007n,
      transactions: [],
      made: { coinbase: { version: 2, locktime: 100 }, transactions: [payment(1), payment(2)] },
    })
    expect(tips).toEqual([100])
  })

  test('tells each new tip, with a template on it', async () => {
    const core = await aCore()
    const { templates, tips } = watching(core)
    await templates.count(1)
    core.newTip()
    await templates.count(2)
    expect(templates.seen[1]).toMatchObject({ prevHash: core.tipHash(), height: 102 })
    expect(tips).toEqual([100, 101])
  })

  test('is asked for a template without transactions first at a new tip, which goes out where the whole one takes its time', async () => {
    const core = await aCore()
    core.template = { transactions: [payment(1)], fees: 7 }
    const { templates } = watching(core, { emptyFirst: true })
    await templates.count(1)
    // the node works on the whole one
    core.script = (seen) =>
      seen.name === 'Mining.createNewBlock' && optionsOf(seen).useMempool ? 'silent' : undefined
    core.newTip()
    await templates.count(2)
    expect(templates.seen[1]).toMatchObject({ height: 102, isProvisional: true })
    expect(made(core).map(({ useMempool }) => useMempool)).toEqual([true, false, true])
  })

  test('makes room as the clients need it, and another template when they need more', async () => {
    const core = await aCore()
    const { watch, templates } = watching(core)
    await templates.count(1)
    watch.setRoom({ weight: 50_000, sigops: 100 })
    await templates.count(2)
    expect(templates.seen[1]?.made?.room).toEqual({ weight: 50_000, sigops: 100 })
    expect(made(core).at(-1)).toEqual({ useMempool: true, weight: 50_000, sigops: 100 })
    // Core takes no less
    watch.setRoom({ weight: 1_168, sigops: 0 })
    await templates.count(3)
    expect(made(core).at(-1)).toMatchObject({ weight: 2_000 })
  })

  test('is asked whether the fees rose, by so much that a template is worth it', async () => {
    const core = await aCore()
    const { templates } = watching(core, { intervalMs: 5 })
    await templates.count(1)
    while (core.count('BlockTemplate.waitNext') < 3) await new Promise((resolve) => setImmediate(resolve))
    expect(templates.seen).toHaveLength(1)
    core.template = { transactions: [payment(1)], fees: 9 }
    core.feesRose = true
    await templates.count(2)
    expect(templates.seen[1]).toMatchObject({ height: 101, coinbaseValue: 5_000_000_009n })
    const wait = core.calls.find(({ name }) => name === 'BlockTemplate.waitNext')!.parameters.struct(1)
    expect(wait.int64(8) ^ 2_100_000_000_000_000n).toBe(1_000n)
  })

  test('keeps one template for us, however many it has made', async () => {
    const core = await aCore()
    const { templates } = watching(core, { emptyFirst: true })
    const isWholeAt = (height: number) => (template: NodeTemplate) =>
      template.height === height && template.isProvisional === undefined
    await templates.count(1)
    for (let tip = 0; tip < 5; tip++) {
      core.newTip()
      await templates.first(isWholeAt(core.height + 1))
    }
    expect(made(core)).toHaveLength(11)
    while (core.held('BlockTemplate') > 1) await new Promise((resolve) => setImmediate(resolve))
    expect(core.held('BlockTemplate')).toBe(1)
  })

  test('is asked again when it has ended and is there again', async () => {
    const core = await aCore()
    const { templates, states } = watching(core)
    await templates.count(1)
    await core.end()
    await states.first(waiting('cannot be reached'))
    await core.listen()
    await templates.count(2)
    expect(core.connections).toBeGreaterThan(1)
  })

  test.each([
    ['an older Core', 'unimplemented', 'run Bitcoin Core 32 or newer, or give the node by its RPC'],
    [
      'a Core whose interface is an old one',
      new Error('Old mining interface (@2) not supported'),
      'run Bitcoin Core 32',
    ],
    ['a node that sends something else', 'garbage', "what it sends is not what Cap'n Proto allows"],
    ['a node that ends at once', 'end', 'cannot be reached'],
  ] as const)('%s is told of, with what to do', async (_, what, text) => {
    const core = await aCore()
    core.script = ({ name }) => (name === 'Init.makeMining' || name === 'Init.makeRpc' ? what : undefined)
    const { states } = watching(core)
    await states.first(waiting(text))
  })

  test('that is not there says how to start it', async () => {
    const { states } = watching({ path: '/nowhere/node.sock' })
    await states.first(waiting('bitcoin-node -ipcbind=unix'))
  })

  test.each([
    [{ chain: 'main' }, 'away', 'runs on mainnet'],
    [{ headers: 200 }, 'behind', 'is behind the network'],
    [{ chain: 'regtest', signet_challenge: '5121' }, 'unminable', 'need a signature'],
  ])('whose chain says %j gives no work', async (chain, cause, text) => {
    const core = await aCore()
    core.chain = chain
    const { states, templates, watch } = watching(core)
    const state = await states.first(waiting(text))
    expect(state).toMatchObject({ cause })
    expect(watch.isReady).toBe(false)
    expect(templates.seen).toEqual([])
  })

  test('that falls behind at a new tip gives no work on it', async () => {
    const core = await aCore()
    const { templates, states } = watching(core, { emptyFirst: true })
    await templates.count(1)
    core.chain = { headers: 200 }
    core.newTip()
    await states.first(waiting('is behind the network'))
    expect(templates.seen).toHaveLength(1)
    core.chain = {}
    await templates.count(2)
    expect(templates.seen[1]).toMatchObject({ height: 102 })
    expect(core.connections).toBe(1)
  })

  test('is left at once when we stop, in the middle of a wait', async () => {
    const core = await aCore()
    const { watch, templates, running } = watching(core)
    await templates.count(1)
    while (core.count('Mining.waitTipChanged') === 0) await new Promise((resolve) => setImmediate(resolve))
    watch.stop()
    await running
    while (core.count('Mining.interrupt') === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(core.held('BlockTemplate')).toBeLessThanOrEqual(1)
  })
})
