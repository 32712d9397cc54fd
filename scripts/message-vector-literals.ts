// biome-ignore-all format: vectors stand in one line
/** The vectors of docs/wire.md that stand in vectors/messages.json as they are printed. */

export type Edition = 'draft' | 'current'

/** One entry of vectors/messages.json. */
export interface Vector {
  id: string
  edition: Edition
  protocol: 'mining' | 'negotiation' | 'templates'
  from: 'client' | 'server'
  frame: string
  message: Record<string, unknown>
  /** The frame is read but written otherwise. */
  decodeOnly?: true
  /** Payload lengths below the whole that are messages too. */
  acceptedCuts?: number[]
  /** Extensions negotiated before. */
  negotiated?: number[]
  tlvByteOrder?: 'big'
}

/** 32 bytes that count up from `first`, in hex. */
export function hash(first: number): string {
  return Buffer.from(Array.from({ length: 32 }, (_, index) => (first + index) % 256)).toString('hex')
}

/** docs/wire.md A.4 and A.5, bytes as printed there. */
export function literalVectors(): Vector[] {
  const put = (id: string, edition: Edition, from: Vector['from'], frame: string, message: Record<string, unknown>, extra: Partial<Vector> = {}): Vector => ({
    id,
    edition, protocol: 'mining',
    from,
    frame,
    message,
    ...extra,
  })
  const inBoth = (id: string, from: Vector['from'], frame: string, message: Record<string, unknown>, protocol: Vector['protocol'] = 'mining') =>
    (['draft', 'current'] as const).map((edition) => put(`${edition}-${id}`, edition, from, frame, message, { protocol }))
  const job = {
    type: 'NewMiningJob', channelId: 0x04030201, jobId: 0x08070605, version: 0x100f0e0d, merkleRoot: `0x${hash(0x11)}`,
  }
  const coinbase = {
    coinbaseTxVersion: 2, coinbasePrefix: '0x03012100', coinbaseTxInputSequence: 0xffffffff, coinbaseTxValueRemaining: '2100000000000000n',
    coinbaseTxLocktime: 903_387, merklePath: ['0x1a6240823de4c8d6aaf826851bdf2b0e8d5acf7c31e8578cff4c394b5a32bd4e'],
  }
  const template = {
    type: 'NewTemplate', templateId: '1n', futureTemplate: false, version: 0x30000000, ...coinbase,
  }
  const extended = {
    type: 'SubmitSharesExtended', channelId: 1, sequenceNumber: 2, jobId: 3, nonce: 0x11223344, ntime: 0x65a0b0c0, version: 0x20000000,
    extranonce: '0xdeadbeef',
  }
  const base = '0001000000020000000300000044332211c0b0a0650000002004deadbeef'
  const tailCuts = Array.from({ length: 5 }, (_, index) => 29 + index)
  return [
    ...inBoth(
      'A4-SetupConnection', 'client',
      '00000052000002020002000100000007302e302e302e306121074269746d61696e085339692031332e351c62726169696e732d6f732d323031382d30392d32322d312d6861736810736f6d652d6465766963652d75756964',
      {
        type: 'SetupConnection', protocol: 2, minVersion: 2, maxVersion: 2, flags: 1, endpointHost: '0.0.0.0', endpointPort: 8545, vendor: 'Bitmain',
        hardwareVersion: 'S9i 13.5', firmware: 'braiins-os-2018-09-22-1-hash', deviceId: 'some-device-uuid',
      },
      'templates',
    ),
    ...inBoth('A4-SetupConnection.Success', 'server', '000001060000020003000000', {
      type: 'SetupConnection.Success', usedVersion: 2, flags: 3,
    }),
    ...inBoth('A4-SetupConnection.Error', 'server', '0000021e0000000000001970726f746f636f6c2d76657273696f6e2d6d69736d61746368', {
      type: 'SetupConnection.Error', flags: 0, errorCode: 'protocol-version-mismatch',
    }),
    put('draft-A4-NewMiningJob', 'draft', 'server', '00801e2d00000102030405060708010d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30', job),
    put('current-A4-NewMiningJob-future', 'current', 'server', '0080152d00000102030405060708000d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30', job),
    put('current-A4-NewMiningJob', 'current', 'server', '008015310000010203040506070801090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30', {
      ...job, minNtime: 0x0c0b0a09,
    }),
    put('draft-A4-Reconnect', 'draft', 'server', '0000250b000008706f6f6c2e746c64ce85', {
      type: 'Reconnect', newHost: 'pool.tld', newPort: 34254,
    }),
    put('current-A4-Reconnect', 'current', 'server', '0000040b000008706f6f6c2e746c64ce85', {
      type: 'Reconnect', newHost: 'pool.tld', newPort: 34254,
    }),
    put(
      'current-A4-PushSolution', 'current', 'client',
      '000060350000040102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223244433221188776655ccbbaa9900ffeedd',
      {
        type: 'PushSolution', extranonce: '0x01020304', prevHash: `0x${hash(5)}`, nonce: 0x11223344, ntime: 0x55667788, nbits: 0x99aabbcc,
        version: 0xddeeff00,
      },
      { protocol: 'negotiation' },
    ),
    ...inBoth(
      'A4-NewTemplate', 'server',
      '00007159000001000000000000000000000030020000000403012100ffffffff0040075af0750700010000000c000100000000000000036a012adbc80d00011a6240823de4c8d6aaf826851bdf2b0e8d5acf7c31e8578cff4c394b5a32bd4e',
      {
        ...template, coinbaseTxOutputsCount: 1, coinbaseTxOutputs: '0x0100000000000000036a012a',
      },
      'templates',
    ),
    ...inBoth(
      'A4-NewTemplate-3-outputs', 'server',
      '0000716e000001000000000000000000000030020000000403012100ffffffff0040075af07507000300000021006400000000000000026a51c800000000000000026a522c01000000000000026a53dbc80d00011a6240823de4c8d6aaf826851bdf2b0e8d5acf7c31e8578cff4c394b5a32bd4e',
      {
        ...template, coinbaseTxOutputsCount: 3, coinbaseTxOutputs: '0x6400000000000000026a51c800000000000000026a522c01000000000000026a53',
      },
      'templates',
    ),
    ...inBoth(
      'A4-SetNewPrevHash', 'server',
      '0000725000000200000000000000e59a2ef8d4826b89fe637f3b5322c0f167fd2d3dc88ec568a7c2c8ffd8eb8873973c0e63ffff7f03ffff7f0000000000000000000000000000000000000000000000000000000000',
      {
        type: 'SetNewPrevHashTdp', templateId: '2n', prevHash: '0xe59a2ef8d4826b89fe637f3b5322c0f167fd2d3dc88ec568a7c2c8ffd8eb8873',
        headerTimestamp: 1_661_877_399, nbits: 0x037fffff, target: `0xffff7f${'00'.repeat(29)}`,
      },
      'templates',
    ),
    put('current-A5-RequestExtensions', 'current', 'client', '0100000800000700020002000300', {
      type: 'RequestExtensions', requestId: 7, requestedExtensions: [2, 3],
    }),
    put('current-A5-RequestExtensions.Success', 'current', 'server', '010001060000070001000200', {
      type: 'RequestExtensions.Success', requestId: 7, supportedExtensions: [2],
    }),
    put('current-A5-RequestExtensions.Error', 'current', 'server', '0100020a000007000100030001000500', {
      type: 'RequestExtensions.Error', requestId: 7, unsupportedExtensions: [3], requiredExtensions: [5],
    }),
    put('current-A5-SubmitSharesExtended', 'current', 'client', `00801b1d00${base}`, extended),
    put(
      'current-A5-SubmitSharesExtended-worker', 'current', 'client',
      `00801b2c00${base}0200010a00576f726b65725f303031`,
      {
        ...extended, userIdentity: 'Worker_001',
      },
      { negotiated: [2], acceptedCuts: tailCuts },
    ),
    put(
      'current-A5-SubmitSharesExtended-worker-big-endian', 'current', 'client',
      `00801b2c00${base}000201000a576f726b65725f303031`,
      {
        ...extended, userIdentity: 'Worker_001',
      },
      {
        negotiated: [2], tlvByteOrder: 'big', acceptedCuts: Array.from({ length: 15 }, (_, index) => 29 + index),
      },
    ),
  ]
}
