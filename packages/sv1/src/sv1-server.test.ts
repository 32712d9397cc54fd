import { describe, expect, test } from 'vitest'
import { aJob, JOB_LINE, text, unhex } from './_fixtures.ts'
import { SV1_ERRORS, type Sv1ToMiner, sv1Server } from './index.ts'

const id = '4'

function decode(method: string, params: string): unknown {
  return sv1Server.decode(`{"id":4,"method":"${method}","params":${params}}`)
}

describe('requests of miners', () => {
  test.each([
    ['mining.subscribe', '[]', {}],
    ['mining.subscribe', 'null', {}],
    ['mining.subscribe', '["ua/1"]', { userAgent: 'ua/1' }],
    ['mining.subscribe', '["ua/1","0HNJB2D4JTSMV"]', { userAgent: 'ua/1', sessionId: '0HNJB2D4JTSMV' }],
    ['mining.subscribe', '["ua",null,"host:3333",null]', { userAgent: 'ua' }],
    ['mining.subscribe', '[null,"s"]', { sessionId: 's' }],
    ['mining.authorize', '["addr.w","x"]', { user: 'addr.w', password: 'x' }],
    ['mining.authorize', '["addr"]', { user: 'addr', password: '' }],
    ['mining.authorize', '[12,null]', { user: '12', password: '' }],
    ['mining.configure', '[[]]', { extensions: [] }],
    ['mining.configure', '["x",null]', { extensions: ['x'] }],
    [
      'mining.configure',
      '[["version-rolling"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":16}]',
      { extensions: ['version-rolling'], versionRolling: { mask: 0x1fffe000, minBitCount: 16 } },
    ],
    [
      'mining.configure',
      '[["version-rolling","new"],{}]',
      { extensions: ['version-rolling', 'new'], versionRolling: { mask: 0xffffffff, minBitCount: 0 } },
    ],
    [
      'mining.configure',
      '[["version-rolling"],{"version-rolling.mask":"0xFF","version-rolling.min-bit-count":"2"}]',
      { extensions: ['version-rolling'], versionRolling: { mask: 0xff, minBitCount: 2 } },
    ],
    [
      'mining.configure',
      '[["version-rolling"],{"version-rolling.min-bit-count":"00000010"}]',
      { extensions: ['version-rolling'], versionRolling: { mask: 0xffffffff, minBitCount: 16 } },
    ],
    [
      'mining.configure',
      '[["minimum-difficulty","subscribe-extranonce"],{"minimum-difficulty.value":2048.5}]',
      { extensions: ['minimum-difficulty', 'subscribe-extranonce'], minimumDifficulty: 2048.5 },
    ],
    ['mining.extranonce.subscribe', '[]', {}],
    ['mining.suggest_difficulty', '[512]', { difficulty: 512 }],
    ['mining.suggest_difficulty', '[0.00015]', { difficulty: 0.00015 }],
    ['mining.suggest_difficulty', '["1e3"]', { difficulty: 1000 }],
    ['mining.get_transactions', '["bf"]', { jobId: 'bf' }],
    ['mining.get_txnhashes', '[]', {}],
    ['mining.capabilities', '[{"notify":[]}]', {}],
    ['mining.set_goal', '["g",{"malgo":"SHA256d"}]', {}],
    ['mining.ping', '[]', {}],
  ])('%s %s', (method, params, fields) => {
    expect(decode(method, params)).toEqual({ type: method, id, ...fields })
  })

  test('a suggested target is a number, most significant digit first', () => {
    const target = new Uint8Array(32)
    target.set([0xff, 0xff], 26)
    const digits = `00000000ffff${'00'.repeat(26)}`
    expect(decode('mining.suggest_target', `["${digits}"]`)).toEqual({
      type: 'mining.suggest_target',
      id,
      target,
    })
    expect(decode('mining.capabilities', `[{"suggested_target":"${digits}"}]`)).toEqual({
      type: 'mining.capabilities',
      id,
      suggestedTarget: target,
    })
    const low = new Uint8Array(32)
    low.set([0x34, 0x12])
    expect(decode('mining.suggest_target', '["0x1234"]')).toMatchObject({ target: low })
  })

  test.each(['pong', 'mining.pong'])('%s is a pong', (method) => {
    expect(sv1Server.decode(`{"id":null,"method":"${method}"}`)).toEqual({ type: 'pong', id: 'null' })
  })

  test('an answer to a request of the server’s keeps result and error', () => {
    expect(sv1Server.decode('{"id":"v","result":"cgminer/4.11.1","error":null}')).toEqual({
      type: 'response',
      id: '"v"',
      result: 'cgminer/4.11.1',
      error: null,
    })
  })

  test.each(['mining.none_existing', 'constructor', '__proto__', ''])(
    '"%s" is an unknown method',
    (method) => {
      expect(decode(method, '{"a":1}')).toEqual({ type: 'unknown', id, method })
    },
  )
})

describe('shares', () => {
  const share = {
    type: 'mining.submit',
    id,
    worker: 'u.w',
    jobId: 'bf',
    extranonce2: '00000001',
    ntime: 0x504e86ed,
    nonce: 0xb2957c02,
    versionBits: undefined,
  }

  test.each([
    ['five parameters', '["u.w","bf","00000001","504e86ed","b2957c02"]', {}],
    ['six', '["u.w","bf","00000001","504e86ed","b2957c02","00002000"]', { versionBits: 0x2000 }],
    ['an empty sixth', '["u.w","bf","00000001","504e86ed","b2957c02",""]', {}],
    ['a null sixth and more', '["u.w","bf","00000001","504e86ed","b2957c02",null,1]', {}],
    ['numbers', '["u.w","bf","00000001",1347323629,2996141058,8192]', { versionBits: 0x2000 }],
    ['0x and capitals', '["u.w","bf","0X0000000A","0x504E86ED","B2957C02"]', { extranonce2: '0000000a' }],
    [
      'unpadded hex',
      '["u.w","bf","abc","504e86ed","1f","2000"]',
      { extranonce2: '0abc', nonce: 0x1f, versionBits: 0x2000 },
    ],
    ['a job id that is a number', '["u.w",17,"00000001","504e86ed","b2957c02"]', { jobId: '17' }],
    [
      'all bits',
      '["u.w","bf","","ffffffff","ffffffff","ffffffff"]',
      { extranonce2: '', ntime: 0xffffffff, nonce: 0xffffffff, versionBits: 0xffffffff },
    ],
  ])('come with %s', (_, params, fields) => {
    expect(decode('mining.submit', params)).toEqual({ ...share, ...fields })
  })

  test.each([
    ['no parameters', '[]', 'worker is not a string'],
    ['params as an object', '{"worker":"u"}', 'params is not a list'],
    ['no job id', '["u",null,"00","00","00"]', 'job id is not a string'],
    ['extranonce2 as a number', '["u","1",5,"00","00"]', 'extranonce2 is not hex'],
    ['extranonce2 of letters', '["u","1","xy","00","00"]', 'extranonce2 is not hex'],
    ['extranonce2 of 33 bytes', `["u","1","${'00'.repeat(33)}","00","00"]`, 'extranonce2 is not hex'],
    ['a negative time', '["user","1","ab",-1,0]', 'ntime is no 32-bit number'],
    ['an empty time', '["user","1","ab","",0]', 'ntime is no 32-bit number'],
    ['a time of 33 bits', '["user","1","ab","100000000",0]', 'ntime is no 32-bit number'],
    ['a float as nonce', '["user","1","ab",0,1.5]', 'nonce is no 32-bit number'],
    ['infinity as nonce', '["user","1","ab",0,1e999]', 'nonce is no 32-bit number'],
    ['a bare 0x', '["user","1","ab",0,"0x"]', 'nonce is no 32-bit number'],
    ['a sign in hex', '["user","1","ab",0,"-1"]', 'nonce is no 32-bit number'],
    ['version bits of letters', '["user","1","ab",0,0,"zz"]', 'version bits are no 32-bit number'],
    ['version bits false', '["user","1","ab",0,0,false]', 'version bits are no 32-bit number'],
  ])('are malformed with %s', (_, params, reason) => {
    expect(decode('mining.submit', params)).toEqual({
      type: 'malformed',
      id,
      method: 'mining.submit',
      reason,
    })
  })
})

describe('lines that say less than they should', () => {
  test.each([
    ['mining.subscribe', '[{}]', 'user agent is not a string'],
    ['mining.subscribe', '["a",[]]', 'session id is not a string'],
    ['mining.subscribe', `["agent","${'0'.repeat(66)}"]`, 'session id is too long'],
    ['mining.authorize', '[]', 'user is not a string'],
    ['mining.configure', '[]', 'extensions are no list of names'],
    ['mining.configure', '[[1]]', 'extensions are no list of names'],
    ['mining.configure', '[[],5]', 'extension parameters are no object'],
    [
      'mining.configure',
      '[["version-rolling"],{"version-rolling.mask":"1fffe000z"}]',
      'version-rolling.mask is no 32-bit number',
    ],
    [
      'mining.configure',
      '[["version-rolling"],{"version-rolling.min-bit-count":-1}]',
      'version-rolling.min-bit-count is not a number of bits',
    ],
    [
      'mining.configure',
      '[["version-rolling"],{"version-rolling.min-bit-count":33}]',
      'version-rolling.min-bit-count is not a number of bits',
    ],
    [
      'mining.configure',
      '[["minimum-difficulty"],{"minimum-difficulty.value":-5}]',
      'minimum-difficulty.value is not a difficulty',
    ],
    ['mining.suggest_difficulty', '[0]', 'difficulty is not a number above 0'],
    ['mining.suggest_difficulty', '[-1]', 'difficulty is not a number above 0'],
    ['mining.suggest_difficulty', '[1e999]', 'difficulty is not a number above 0'],
    ['mining.suggest_difficulty', '["NaN"]', 'difficulty is not a number above 0'],
    ['mining.suggest_difficulty', '["Infinity"]', 'difficulty is not a number above 0'],
    ['mining.suggest_difficulty', '[]', 'difficulty is not a number above 0'],
    ['mining.suggest_target', `["${'f'.repeat(65)}"]`, 'target is not hex of 32 bytes'],
    ['mining.capabilities', '[{"suggested_target":7}]', 'suggested_target is not hex of 32 bytes'],
  ])('%s %s', (method, params, reason) => {
    expect(decode(method, params)).toEqual({ type: 'malformed', id, method, reason })
  })

  test.each([
    ['invalid json', 'no JSON'],
    ['', 'no JSON'],
    ['[{"id":1,"method":"mining.ping"}]', 'no JSON object'],
    ['null', 'no JSON object'],
    ['7', 'no JSON object'],
  ])('%s', (line, reason) => {
    expect(sv1Server.decode(line)).toEqual({ type: 'malformed', id: undefined, reason })
  })

  test('without a method, or with one that is no text, they keep their id', () => {
    expect(sv1Server.decode('{"id":4}')).toEqual({ type: 'malformed', id, reason: 'no method' })
    expect(sv1Server.decode('{"id":4,"method":5}')).toEqual({
      type: 'malformed',
      id,
      reason: 'method is not a string',
    })
  })
})

describe('what a server says', () => {
  test.each<[string, Sv1ToMiner, string]>([
    [
      'an acceptance',
      { type: 'response', id: '7', result: true, error: null },
      '{"id":7,"result":true,"error":null}',
    ],
    [
      'a refusal',
      { type: 'response', id: '"a"', result: null, error: SV1_ERRORS[21] },
      '{"id":"a","result":null,"error":[21,"Job not found",null]}',
    ],
    [
      'an answer without id',
      { type: 'response', id: undefined, result: false, error: null },
      '{"id":null,"result":false,"error":null}',
    ],
    [
      'an id with a fraction',
      { type: 'response', id: '1.50', result: { a: [1] }, error: null },
      '{"id":1.50,"result":{"a":[1]},"error":null}',
    ],
    [
      'a difficulty',
      { type: 'mining.set_difficulty', difficulty: 512 },
      '{"id":null,"method":"mining.set_difficulty","params":[512]}',
    ],
    [
      'an extranonce',
      { type: 'mining.set_extranonce', extranonce1: unhex('08000002'), extranonce2Size: 4 },
      '{"id":null,"method":"mining.set_extranonce","params":["08000002",4]}',
    ],
    [
      'a mask',
      { type: 'mining.set_version_mask', mask: 0xfe000 },
      '{"id":null,"method":"mining.set_version_mask","params":["000fe000"]}',
    ],
    [
      'a reconnect',
      { type: 'client.reconnect', host: 'pool.example', port: 3333, waitSeconds: 5 },
      '{"id":null,"method":"client.reconnect","params":["pool.example",3333,5]}',
    ],
    [
      'a reconnect to the same',
      { type: 'client.reconnect' },
      '{"id":null,"method":"client.reconnect","params":[]}',
    ],
    [
      'words',
      { type: 'client.show_message', text: 'a "γ"\n' },
      '{"id":null,"method":"client.show_message","params":["a \\"γ\\"\\n"]}',
    ],
    [
      'a question',
      { type: 'client.get_version', id: '9' },
      '{"id":9,"method":"client.get_version","params":[]}',
    ],
  ])('%s', (_, message, line) => {
    expect(text(sv1Server.encode(message))).toBe(`${line}\n`)
  })

  test('a job, its previous hash in V1’s order of words', () => {
    expect(text(sv1Server.encode(aJob()))).toBe(JOB_LINE)
    expect(
      JSON.parse(text(sv1Server.encode(aJob({ merkleBranch: [], cleanJobs: true })))).params.slice(4),
    ).toEqual([[], '00000002', '1c2ac4af', '504e86b9', true])
  })

  test('one job is written once for all miners', () => {
    const job = aJob()
    expect(sv1Server.encode(job)).toBe(sv1Server.encode(job))
    expect(sv1Server.encode(aJob())).not.toBe(sv1Server.encode(job))
  })

  test.each<[string, Sv1ToMiner]>([
    ['a version of 33 bits', aJob({ version: 2 ** 32 })],
    ['a negative time', aJob({ ntime: -1 })],
    ['a short previous hash', aJob({ prevHash: new Uint8Array(31) })],
    ['a short branch', aJob({ merkleBranch: [new Uint8Array(31)] })],
    ['no difficulty', { type: 'mining.set_difficulty', difficulty: Number.NaN }],
    ['difficulty 0', { type: 'mining.set_difficulty', difficulty: 0 }],
    [
      'an extranonce2 of 33 bytes',
      { type: 'mining.set_extranonce', extranonce1: unhex(''), extranonce2Size: 33 },
    ],
    ['a host without port', { type: 'client.reconnect', host: 'a' }],
    ['a negative wait', { type: 'client.reconnect', host: 'a', port: 1, waitSeconds: -1 }],
  ])('is refused with %s', (_, message) => {
    expect(() => sv1Server.encode(message)).toThrow(RangeError)
  })
})
