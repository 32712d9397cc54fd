import { afterEach, describe, expect, test } from 'vitest'
import { NodeRpcError } from '../node-rpc.ts'
import { ScriptedCore } from './_scripted-core.ts'
import { struct, type Value, words } from './capnp-build.ts'
import { ipcRpc } from './ipc-rpc.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const close of cleanUp.splice(0).reverse()) await close()
})

async function aCore(): Promise<ScriptedCore> {
  const core = await ScriptedCore.start()
  cleanUp.push(() => core.stop())
  return core
}

const answering = (text: string): Value => struct(words(0), { kind: 'text', text })
const onRpc = (answer: Value | 'silent' | 'end') => (seen: { readonly name: string }) =>
  seen.name === 'Rpc.executeRpc' ? answer : undefined

describe("a node's RPC through its socket", () => {
  test('is called with method and parameters, over one connection', async () => {
    const core = await aCore()
    const rpc = ipcRpc(core.path)
    core.script = onRpc(answering('{"result":"duplicate","error":null,"id":1}'))
    expect(await rpc.call('submitblock', ['00ff'])).toBe('duplicate')
    expect(await rpc.call('submitblock', ['00ff'])).toBe('duplicate')
    const requests = core.calls.filter(({ name }) => name === 'Rpc.executeRpc')
    expect(JSON.parse(requests[1]!.parameters.text(1))).toMatchObject({
      method: 'submitblock',
      params: ['00ff'],
    })
    expect(core.connections).toBe(1)
  })

  test("gives the node's own errors, by their codes", async () => {
    const core = await aCore()
    core.script = onRpc(
      answering('{"result":null,"error":{"code":-22,"message":"Block decode failed"},"id":1}'),
    )
    const error = await ipcRpc(core.path)
      .call('submitblock', [''])
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(NodeRpcError)
    expect(error).toMatchObject({ code: -22, message: expect.stringContaining('Block decode failed') })
  })

  test('is there again after the node has ended, and its absence is no code of the node', async () => {
    const core = await aCore()
    const rpc = ipcRpc(core.path)
    core.script = onRpc('end')
    await expect(rpc.call('uptime', [])).rejects.toMatchObject({ name: 'NodeRpcError', code: undefined })
    core.script = onRpc(answering('{"result":5}'))
    expect(await rpc.call('uptime', [])).toBe(5)
  })

  test('a node that does not answer is given up after the time there is', async () => {
    const core = await aCore()
    core.script = onRpc('silent')
    await expect(ipcRpc(core.path).call('uptime', [], 20)).rejects.toMatchObject({
      code: undefined,
      message: expect.stringContaining('no answer within 20 ms'),
    })
  })
})
