import { describe, expect, test } from 'vitest'
import { aJob, JOB_LINE, text, unhex } from './_fixtures.ts'
import { type Sv1ToPool, sv1Client, sv1Server } from './index.ts'

const jobParams = JSON.parse(JOB_LINE).params as unknown[]

function decode(method: string, params: unknown): unknown {
  return sv1Client.decode(JSON.stringify({ id: null, method, params }))
}

/** The parameters of the job with one replaced. */
function jobWith(index: number, value: unknown): unknown[] {
  return jobParams.with(index, value)
}

describe('what pools announce', () => {
  test('a job, its previous hash in header order', () => {
    expect(sv1Client.decode(JOB_LINE)).toEqual(aJob())
  })

  test('a job with numbers, with fields between, and with one missing', () => {
    expect(decode('mining.notify', jobWith(7, 0x504e86b9))).toEqual(aJob())
    expect(decode('mining.notify', [...jobParams.slice(0, 8), 'extra', true])).toEqual(
      aJob({ cleanJobs: true }),
    )
    expect(decode('mining.notify', jobParams.slice(0, 8))).toEqual(aJob())
    expect(decode('mining.notify', jobWith(0, 5))).toEqual(aJob({ jobId: '5' }))
  })

  test.each([
    ['mining.set_difficulty', [4.0], { difficulty: 4 }],
    ['mining.set_difficulty', ['0.01'], { difficulty: 0.01 }],
    ['mining.set_extranonce', ['08000002', 4], { extranonce1: unhex('08000002'), extranonce2Size: 4 }],
    ['mining.set_extranonce', ['8', '4'], { extranonce1: unhex('08'), extranonce2Size: 4 }],
    ['mining.set_version_mask', ['1fffe000'], { mask: 0x1fffe000 }],
    ['client.reconnect', [], { waitSeconds: 0 }],
    ['client.reconnect', ['h', '3333', '5'], { host: 'h', port: 3333, waitSeconds: 5 }],
    ['client.reconnect', ['', 0], { waitSeconds: 0 }],
    ['client.show_message', ['hello'], { text: 'hello' }],
    ['client.show_message', [], { text: '' }],
    ['client.get_version', [], { id: 'null' }],
    ['mining.ping', null, { id: 'null' }],
  ])('%s %j', (method, params, fields) => {
    expect(decode(method, params)).toEqual({ type: method, ...fields })
  })

  test.each([
    ['mining.notify', [], 'job id is not a string'],
    ['mining.notify', jobWith(1, 'f8'), 'previous hash is not hex of 32 bytes'],
    ['mining.notify', jobWith(2, 'xx'), 'coinbase part 1 is not hex'],
    ['mining.notify', jobWith(3, null), 'coinbase part 2 is not hex'],
    ['mining.notify', jobWith(4, ['00']), 'merkle branch is not a list of hashes'],
    ['mining.notify', jobWith(4, Array(33).fill('00'.repeat(32))), 'merkle branch is not a list of hashes'],
    ['mining.notify', jobWith(5, '100000000'), 'version is no 32-bit number'],
    ['mining.notify', jobWith(6, ''), 'nbits is no 32-bit number'],
    ['mining.notify', jobWith(7, -1), 'ntime is no 32-bit number'],
    ['mining.set_difficulty', [0], 'difficulty is not a number above 0'],
    ['mining.set_difficulty', ['-1'], 'difficulty is not a number above 0'],
    ['mining.set_difficulty', {}, 'params is not a list'],
    ['mining.set_extranonce', ['zz', 4], 'extranonce1 is not hex of 0..32 bytes'],
    ['mining.set_extranonce', ['00'.repeat(33), 4], 'extranonce1 is not hex of 0..32 bytes'],
    ['mining.set_extranonce', ['00', 4.5], 'extranonce2 size is not in 0..32'],
    ['mining.set_version_mask', [null], 'mask is no 32-bit number'],
    ['client.reconnect', ['h', 70_000], 'port is not in 1..65535'],
    ['client.reconnect', ['h', 1, -1], 'wait is not a number of seconds'],
  ])('%s %j is malformed', (method, params, reason) => {
    expect(decode(method, params)).toEqual({ type: 'malformed', id: 'null', method, reason })
  })

  test('a method nobody knows', () => {
    expect(decode('mining.hashrate', [])).toEqual({ type: 'unknown', id: 'null', method: 'mining.hashrate' })
  })
})

describe('answers of pools', () => {
  test.each([
    ['{"id":4,"error":null,"result":true}', 4, true, undefined],
    ['{"id":"3642","error":null,"result":true}', 3642, true, undefined],
    ['{"id":"x","error":null,"result":true}', undefined, true, undefined],
    ['{"id":1.5,"error":null,"result":true}', undefined, true, undefined],
    [
      '{"id":4,"result":null,"error":[21,"Job not found",""]}',
      4,
      null,
      { code: 21, message: 'Job not found' },
    ],
    ['{"error":[40,"unfit, ignore"],"id":4,"result":null}', 4, null, { code: 40, message: 'unfit, ignore' }],
    ['{"result":false,"error":"Stale","id":618}', 618, false, { code: 21, message: 'Stale' }],
    [
      '{"jsonrpc":"2.0","error":{"code":22,"message":"duplicate share","data":null},"id":42}',
      42,
      null,
      { code: 22, message: 'duplicate share' },
    ],
    [
      '{"reject-reason":"Above target 2","result":false,"error":null,"id":8}',
      8,
      false,
      { code: 23, message: 'Above target 2' },
    ],
    ['{"reject-reason":"","result":true,"error":null,"id":8}', 8, true, undefined],
  ])('%s', (line, id, result, error) => {
    expect(sv1Client.decode(line)).toEqual({ type: 'response', id, result, error })
  })
})

describe('what we ask of a pool', () => {
  test.each<[Sv1ToPool, string]>([
    [{ type: 'mining.subscribe', id: 1 }, '{"id":1,"method":"mining.subscribe","params":[]}'],
    [
      { type: 'mining.subscribe', id: 1, userAgent: 'sv2' },
      '{"id":1,"method":"mining.subscribe","params":["sv2"]}',
    ],
    [
      { type: 'mining.subscribe', id: 1, userAgent: 'sv2', sessionId: 'ae68' },
      '{"id":1,"method":"mining.subscribe","params":["sv2","ae68"]}',
    ],
    [
      { type: 'mining.authorize', id: 2, user: 'u"1', password: 'x' },
      '{"id":2,"method":"mining.authorize","params":["u\\"1","x"]}',
    ],
    [
      {
        type: 'mining.configure',
        id: 0,
        extensions: ['version-rolling', 'minimum-difficulty'],
        versionRolling: { mask: 0x1fffe000, minBitCount: 2 },
        minimumDifficulty: 64,
      },
      '{"id":0,"method":"mining.configure","params":[["version-rolling","minimum-difficulty"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":2,"minimum-difficulty.value":64}]}',
    ],
    [
      {
        type: 'mining.submit',
        id: 4,
        worker: 'slush.miner1',
        jobId: 'bf',
        extranonce2: '00000001',
        ntime: 0x504e86ed,
        nonce: 0xb2957c02,
        versionBits: undefined,
      },
      '{"id":4,"method":"mining.submit","params":["slush.miner1","bf","00000001","504e86ed","b2957c02"]}',
    ],
    [
      {
        type: 'mining.submit',
        id: 5,
        worker: 'w',
        jobId: '1',
        extranonce2: '',
        ntime: 0,
        nonce: 1,
        versionBits: 0x2000,
      },
      '{"id":5,"method":"mining.submit","params":["w","1","","00000000","00000001","00002000"]}',
    ],
    [
      { type: 'mining.extranonce.subscribe', id: 6 },
      '{"id":6,"method":"mining.extranonce.subscribe","params":[]}',
    ],
    [
      { type: 'mining.suggest_difficulty', id: 7, difficulty: 1e-7 },
      '{"id":7,"method":"mining.suggest_difficulty","params":[0.0000001]}',
    ],
  ])('%j', (message, line) => {
    expect(text(sv1Client.encode(message))).toBe(`${line}\n`)
    expect(sv1Server.decode(line)).toEqual({ ...message, id: String(message.id) })
  })

  test('answers to the pool echo its id', () => {
    expect(text(sv1Client.encode({ type: 'response', id: '1.0', result: 'sv2/1', error: null }))).toBe(
      '{"id":1.0,"result":"sv2/1","error":null}\n',
    )
    expect(text(sv1Client.encode({ type: 'pong', id: undefined }))).toBe(
      '{"id":null,"method":"pong","params":[]}\n',
    )
  })

  test('an id that is no integer, or a nonce above 32 bits, is refused', () => {
    expect(() => sv1Client.encode({ type: 'mining.subscribe', id: 0.5 })).toThrow(RangeError)
    expect(() =>
      sv1Client.encode({
        type: 'mining.submit',
        id: 1,
        worker: 'w',
        jobId: '1',
        extranonce2: '',
        ntime: 0,
        nonce: 2 ** 32,
        versionBits: undefined,
      }),
    ).toThrow(RangeError)
  })
})
