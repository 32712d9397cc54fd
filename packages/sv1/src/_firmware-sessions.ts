// @data-table: what each firmware of the field sends at the start of a session and with a share, line by line.
import type { Sv1ToServer } from './index.ts'

/** One session: the name of the dialect it belongs to, and its lines with what they mean. */
export interface FirmwareSession {
  readonly firmware: string
  readonly dialect: string
  readonly lines: readonly (readonly [line: string, message: Sv1ToServer])[]
}

const ADDRESS = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'
const PROBE = { type: 'mining.subscribe', id: '1' } as const

function authorize(id: string, user: string, password = 'x'): Sv1ToServer {
  return { type: 'mining.authorize', id, user, password }
}

function rolling(id: string, mask: number, minBitCount: number, ...others: string[]): Sv1ToServer {
  const extensions = ['version-rolling', ...others]
  return { type: 'mining.configure', id, extensions, versionRolling: { mask, minBitCount } }
}

function share(
  id: string,
  worker: string,
  fields: Partial<Extract<Sv1ToServer, { type: 'mining.submit' }>>,
): Sv1ToServer {
  const usual = {
    jobId: '1',
    extranonce2: '00000001',
    ntime: 0x64b3f3ec,
    nonce: 0xed460d91,
    versionBits: 0x2000,
  }
  return { type: 'mining.submit', id, worker, ...usual, ...fields }
}

/** Reconstructed from each firmware's source, documents or issue threads (addresses replaced). */
export const FIRMWARE_SESSIONS: readonly FirmwareSession[] = [
  {
    firmware: 'ESP-Miner: all at once, without waiting',
    dialect: 'bitaxe',
    lines: [
      [
        '{"id": 1, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "ffffffff"}]}',
        rolling('1', 0xffffffff, 0),
      ],
      [
        '{"id": 2, "method": "mining.subscribe", "params": ["bitaxe/BM1368/v2.9.0"]}',
        { type: 'mining.subscribe', id: '2', userAgent: 'bitaxe/BM1368/v2.9.0' },
      ],
      [
        `{"id": 3, "method": "mining.authorize", "params": ["${ADDRESS}.bitaxe", "x"]}`,
        authorize('3', `${ADDRESS}.bitaxe`),
      ],
      [
        '{"id": 4, "method": "mining.suggest_difficulty", "params": [1000]}',
        { type: 'mining.suggest_difficulty', id: '4', difficulty: 1000 },
      ],
      [
        '{"id": 5, "method": "mining.extranonce.subscribe", "params": []}',
        { type: 'mining.extranonce.subscribe', id: '5' },
      ],
      [
        `{"id": 6, "method": "mining.submit", "params": ["${ADDRESS}.bitaxe", "1", "00000001", "64b3f3ec", "ed460d91", "00002000"]}`,
        share('6', `${ADDRESS}.bitaxe`, {}),
      ],
      ['{"id": 7, "method": "pong", "params": []}', { type: 'pong', id: '7' }],
    ],
  },
  {
    firmware: 'NerdMiner v2: a suggestion each 30 s, nonces without leading zeros',
    dialect: 'nerdminer',
    lines: [
      [
        '{"id": 1, "method": "mining.subscribe", "params": ["NerdMinerV2/V1.8.3"]}',
        { type: 'mining.subscribe', id: '1', userAgent: 'NerdMinerV2/V1.8.3' },
      ],
      [`{"params": ["${ADDRESS}", "x"], "id": 2, "method": "mining.authorize"}`, authorize('2', ADDRESS)],
      [
        '{"id": 3, "method": "mining.suggest_difficulty", "params": [0.00015]}',
        { type: 'mining.suggest_difficulty', id: '3', difficulty: 0.00015 },
      ],
      [
        `{"id":4,"method":"mining.submit","params":["${ADDRESS}","1","00000001","64b3f3ec","3a7"]}`,
        share('4', ADDRESS, { nonce: 0x3a7, versionBits: undefined }),
      ],
    ],
  },
  {
    firmware: 'cgminer: resumes with its session id, tries again with nothing',
    dialect: 'cgminer',
    lines: [
      [
        '{"id": 0, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "ffffffff"}]}',
        rolling('0', 0xffffffff, 0),
      ],
      [
        '{"id": 1, "method": "mining.subscribe", "params": ["cgminer/4.11.1", "ae6812eb4cd7735a302a8a9dd95cf71f"]}',
        { ...PROBE, userAgent: 'cgminer/4.11.1', sessionId: 'ae6812eb4cd7735a302a8a9dd95cf71f' },
      ],
      ['{"id": 1, "method": "mining.subscribe", "params": []}', PROBE],
      [
        '{"id": 2, "method": "mining.authorize", "params": ["user.1", "d=1024"]}',
        authorize('2', 'user.1', 'd=1024'),
      ],
      [
        '{"id": 3, "method": "mining.suggest_difficulty", "params": [42]}',
        { type: 'mining.suggest_difficulty', id: '3', difficulty: 42 },
      ],
    ],
  },
  {
    firmware: 'cpuminer minerd: a bit count as text, a share of five parameters',
    dialect: 'cpuminer',
    lines: [
      [
        '{"id": 1, "method": "mining.subscribe", "params": ["cpuminer/2.5.1"]}',
        { ...PROBE, userAgent: 'cpuminer/2.5.1' },
      ],
      ['{"id": 2, "method": "mining.authorize", "params": ["user", "x"]}', authorize('2', 'user')],
      [
        '{"id": 3, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "1fffe000", "version-rolling.min-bit-count": "2"}]}',
        rolling('3', 0x1fffe000, 2),
      ],
      [
        '{"method": "mining.submit", "params": ["user", "1", "00000001", "64b3f3ec", "ed460d91"], "id":4}',
        share('4', 'user', { versionBits: undefined }),
      ],
    ],
  },
  {
    firmware: 'bfgminer: suggests a target, asks for transactions',
    dialect: 'bfgminer',
    lines: [
      [
        '{"id": 1, "method": "mining.subscribe", "params": ["bfgminer/5.5.0"]}',
        { ...PROBE, userAgent: 'bfgminer/5.5.0' },
      ],
      [
        `{"params": ["${'00'.repeat(31)}ff"], "id": null, "method": "mining.suggest_target"}`,
        { type: 'mining.suggest_target', id: 'null', target: Uint8Array.of(255, ...new Uint8Array(31)) },
      ],
      [
        '{"params": ["1"], "id": "txlist1", "method": "mining.get_transactions"}',
        { type: 'mining.get_transactions', id: '"txlist1"', jobId: '1' },
      ],
      [
        '{"params": ["1"], "id": "h", "method": "mining.get_txnhashes"}',
        { type: 'mining.get_txnhashes', id: '"h"', jobId: '1' },
      ],
    ],
  },
  {
    firmware: 'Whatsminer: a mask without a bit count',
    dialect: 'whatsminer',
    lines: [
      [
        '{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000"}]}',
        rolling('1', 0x1fffe000, 0),
      ],
      [
        '{"id":2,"method":"mining.subscribe","params":["whatsminer/v1.1"]}',
        { ...PROBE, id: '2', userAgent: 'whatsminer/v1.1' },
      ],
      ['{"id":3,"method":"mining.authorize","params":["user.w1","123"]}', authorize('3', 'user.w1', '123')],
    ],
  },
  {
    firmware: 'Antminer S9, S17, S19 on stock firmware',
    dialect: 'antminer',
    lines: [
      [
        '{"id":0,"method":"mining.configure","params":[["version-rolling","minimum-difficulty","subscribe-extranonce"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":16}]}',
        rolling('0', 0x1fffe000, 16, 'minimum-difficulty', 'subscribe-extranonce'),
      ],
      [
        '{"id": 3642, "method": "mining.subscribe", "params": ["bmminer/2.0.0", "ae6812eb4cd7735a302a8a9dd95cf71f"]}',
        { ...PROBE, id: '3642', userAgent: 'bmminer/2.0.0', sessionId: 'ae6812eb4cd7735a302a8a9dd95cf71f' },
      ],
      [
        '{"id": 3643, "method": "mining.authorize", "params": ["user.s9", ""]}',
        authorize('3643', 'user.s9', ''),
      ],
    ],
  },
  {
    firmware: 'Antminer S21',
    dialect: 'antminer-s21',
    lines: [
      [
        '{"id":1,"method":"mining.subscribe","params":["Antminer S21/Thu Oct  9 17:56:18 CST 2025"]}',
        { ...PROBE, userAgent: 'Antminer S21/Thu Oct  9 17:56:18 CST 2025' },
      ],
    ],
  },
  {
    firmware: 'Braiins OS: four parameters to subscribe',
    dialect: 'bosminer',
    lines: [
      [
        '{"id":0,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":16}]}',
        rolling('0', 0x1fffe000, 16),
      ],
      [
        '{"id":1,"method":"mining.subscribe","params":["2024-07-12-0-fc9fe388-24.06-plus;bosminer-plus-tuner 0.9.0-fc9fe388",null,"192.168.1.207:34255",null]}',
        { ...PROBE, userAgent: '2024-07-12-0-fc9fe388-24.06-plus;bosminer-plus-tuner 0.9.0-fc9fe388' },
      ],
      [
        '{"id":2,"method":"mining.authorize","params":["braiins.worker0",""]}',
        authorize('2', 'braiins.worker0', ''),
      ],
      [
        '{"id":3,"method":"mining.submit","params":["braiins.worker0","ahoj","00000001","64b3f3ec","ed460d91","00000000"]}',
        share('3', 'braiins.worker0', { jobId: 'ahoj', versionBits: 0 }),
      ],
    ],
  },
  {
    firmware: 'VNish xminer',
    dialect: 'xminer',
    lines: [
      [
        '{"id":1,"method":"mining.subscribe","params":["xminer-1.2.7"]}',
        { ...PROBE, userAgent: 'xminer-1.2.7' },
      ],
    ],
  },
  {
    firmware: 'ePIC PowerPlay',
    dialect: 'xminer',
    lines: [
      [
        '{"id":1,"method":"mining.subscribe","params":["PowerPlay-BM/1.0"]}',
        { ...PROBE, userAgent: 'PowerPlay-BM/1.0' },
      ],
    ],
  },
  {
    firmware: 'Avalon: user name cut off',
    dialect: 'avalon',
    lines: [
      [
        '{"id":1,"method":"mining.subscribe","params":["Avalon/1466"]}',
        { ...PROBE, userAgent: 'Avalon/1466' },
      ],
      [
        `{"id":2,"method":"mining.authorize","params":["${ADDRESS}.avalon-in-the-bac","x"]}`,
        authorize('2', `${ADDRESS}.avalon-in-the-bac`),
      ],
    ],
  },
  {
    firmware: 'NiceHash',
    dialect: 'nicehash',
    lines: [
      [
        '{"id":1,"method":"mining.subscribe","params":["NiceHash/1.0.0"]}',
        { ...PROBE, userAgent: 'NiceHash/1.0.0' },
      ],
      [
        '{"id":2,"method":"mining.extranonce.subscribe","params":[]}',
        { type: 'mining.extranonce.subscribe', id: '2' },
      ],
    ],
  },
  {
    firmware: 'Braiins Hashpower prober: nothing but an empty subscribe',
    dialect: 'braiins-hashpower-prober',
    lines: [['{"id":1,"method":"mining.subscribe","params":[]}', PROBE]],
  },
  {
    firmware: 'gminer',
    dialect: 'gminer',
    lines: [
      [
        '{"id":1,"method":"mining.subscribe","params":["gminer/3.44"]}',
        { ...PROBE, userAgent: 'gminer/3.44' },
      ],
    ],
  },
  {
    firmware: 'random broken clients: odd ids, times as numbers, authorize first',
    dialect: 'unknown',
    lines: [
      [
        '{"id":1.50,"method":"mining.authorize","params":["tb1q%2Erig","x"]}',
        authorize('1.50', 'tb1q%2Erig'),
      ],
      ['{"method":"mining.subscribe","params":["odd",null]}', { ...PROBE, id: undefined, userAgent: 'odd' }],
      [
        '{"id":"x","method":"mining.submit","params":["w","1","1",1689514988,3980791185,"2000"]}',
        share('"x"', 'w', { extranonce2: '01' }),
      ],
      [
        '{"id":null,"method":"eth_submitHashrate","params":["0x1"]}',
        { type: 'unknown', id: 'null', method: 'eth_submitHashrate' },
      ],
    ],
  },
]
