// @data-table: what the firmware of the field sends at the start of a session and with a share, as packages/sv1 reads it.

/** One session, line by line. */
export interface FirmwareLines {
  readonly firmware: string
  readonly lines: readonly string[]
}

/** Reconstructed from each firmware's source, documents or issue threads (addresses replaced). */
export const FIRMWARE_LINES: readonly FirmwareLines[] = [
  {
    firmware: 'ESP-Miner: all at once, without waiting',
    lines: [
      '{"id": 1, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "ffffffff"}]}',
      '{"id": 2, "method": "mining.subscribe", "params": ["bitaxe/BM1368/v2.9.0"]}',
      '{"id": 3, "method": "mining.authorize", "params": ["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4.bitaxe", "x"]}',
      '{"id": 4, "method": "mining.suggest_difficulty", "params": [1000]}',
      '{"id": 5, "method": "mining.extranonce.subscribe", "params": []}',
      '{"id": 6, "method": "mining.submit", "params": ["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4.bitaxe", "1", "00000001", "64b3f3ec", "ed460d91", "00002000"]}',
      '{"id": 7, "method": "pong", "params": []}',
    ],
  },
  {
    firmware: 'NerdMiner v2: a suggestion each 30 s, nonces without leading zeros',
    lines: [
      '{"id": 1, "method": "mining.subscribe", "params": ["NerdMinerV2/V1.8.3"]}',
      '{"params": ["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "x"], "id": 2, "method": "mining.authorize"}',
      '{"id": 3, "method": "mining.suggest_difficulty", "params": [0.00015]}',
      '{"id":4,"method":"mining.submit","params":["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4","1","00000001","64b3f3ec","3a7"]}',
    ],
  },
  {
    firmware: 'cgminer: resumes with its session id, tries again with nothing',
    lines: [
      '{"id": 0, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "ffffffff"}]}',
      '{"id": 1, "method": "mining.subscribe", "params": ["cgminer/4.11.1", "ae6812eb4cd7735a302a8a9dd95cf71f"]}',
      '{"id": 1, "method": "mining.subscribe", "params": []}',
      '{"id": 2, "method": "mining.authorize", "params": ["user.1", "d=1024"]}',
      '{"id": 3, "method": "mining.suggest_difficulty", "params": [42]}',
    ],
  },
  {
    firmware: 'cpuminer minerd: a bit count as text, a share of five parameters',
    lines: [
      '{"id": 1, "method": "mining.subscribe", "params": ["cpuminer/2.5.1"]}',
      '{"id": 2, "method": "mining.authorize", "params": ["user", "x"]}',
      '{"id": 3, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "1fffe000", "version-rolling.min-bit-count": "2"}]}',
      '{"method": "mining.submit", "params": ["user", "1", "00000001", "64b3f3ec", "ed460d91"], "id":4}',
    ],
  },
  {
    firmware: 'bfgminer: suggests a target, asks for transactions',
    lines: [
      '{"id": 1, "method": "mining.subscribe", "params": ["bfgminer/5.5.0"]}',
      '{"params": ["00000000000000000000000000000000000000000000000000000000000000ff"], "id": null, "method": "mining.suggest_target"}',
      '{"params": ["1"], "id": "txlist1", "method": "mining.get_transactions"}',
      '{"params": ["1"], "id": "h", "method": "mining.get_txnhashes"}',
    ],
  },
  {
    firmware: 'Whatsminer: a mask without a bit count',
    lines: [
      '{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000"}]}',
      '{"id":2,"method":"mining.subscribe","params":["whatsminer/v1.1"]}',
      '{"id":3,"method":"mining.authorize","params":["user.w1","123"]}',
    ],
  },
  {
    firmware: 'Antminer S9, S17, S19 on stock firmware',
    lines: [
      '{"id":0,"method":"mining.configure","params":[["version-rolling","minimum-difficulty","subscribe-extranonce"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":16}]}',
      '{"id": 3642, "method": "mining.subscribe", "params": ["bmminer/2.0.0", "ae6812eb4cd7735a302a8a9dd95cf71f"]}',
      '{"id": 3643, "method": "mining.authorize", "params": ["user.s9", ""]}',
    ],
  },
  {
    firmware: 'Antminer S21',
    lines: ['{"id":1,"method":"mining.subscribe","params":["Antminer S21/Thu Oct  9 17:56:18 CST 2025"]}'],
  },
  {
    firmware: 'Braiins OS: four parameters to subscribe',
    lines: [
      '{"id":0,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":16}]}',
      '{"id":1,"method":"mining.subscribe","params":["2024-07-12-0-fc9fe388-24.06-plus;bosminer-plus-tuner 0.9.0-fc9fe388",null,"192.168.1.207:34255",null]}',
      '{"id":2,"method":"mining.authorize","params":["braiins.worker0",""]}',
      '{"id":3,"method":"mining.submit","params":["braiins.worker0","ahoj","00000001","64b3f3ec","ed460d91","00000000"]}',
    ],
  },
  { firmware: 'VNish xminer', lines: ['{"id":1,"method":"mining.subscribe","params":["xminer-1.2.7"]}'] },
  {
    firmware: 'ePIC PowerPlay',
    lines: ['{"id":1,"method":"mining.subscribe","params":["PowerPlay-BM/1.0"]}'],
  },
  {
    firmware: 'Avalon: user name cut off',
    lines: [
      '{"id":1,"method":"mining.subscribe","params":["Avalon/1466"]}',
      '{"id":2,"method":"mining.authorize","params":["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4.avalon-in-the-bac","x"]}',
    ],
  },
  {
    firmware: 'NiceHash',
    lines: [
      '{"id":1,"method":"mining.subscribe","params":["NiceHash/1.0.0"]}',
      '{"id":2,"method":"mining.extranonce.subscribe","params":[]}',
    ],
  },
  {
    firmware: 'Braiins Hashpower prober: nothing but an empty subscribe',
    lines: ['{"id":1,"method":"mining.subscribe","params":[]}'],
  },
  { firmware: 'gminer', lines: ['{"id":1,"method":"mining.subscribe","params":["gminer/3.44"]}'] },
  {
    firmware: 'random broken clients: odd ids, times as numbers, authorize first',
    lines: [
      '{"id":1.50,"method":"mining.authorize","params":["tb1q%2Erig","x"]}',
      '{"method":"mining.subscribe","params":["odd",null]}',
      '{"id":"x","method":"mining.submit","params":["w","1","1",1689514988,3980791185,"2000"]}',
      '{"id":null,"method":"eth_submitHashrate","params":["0x1"]}',
    ],
  },
]
