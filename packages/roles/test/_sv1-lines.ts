import fc from 'fast-check'

const METHODS = [
  'mining.subscribe',
  'mining.authorize',
  'mining.submit',
  'mining.configure',
  'mining.extranonce.subscribe',
  'mining.suggest_difficulty',
  'mining.suggest_target',
  'mining.get_transactions',
  'mining.capabilities',
  'mining.set_goal',
  'mining.ping',
  'pong',
  '__proto__',
]

/** Texts and numbers that mean something somewhere. */
const TELLING = [
  'good.two',
  'd=0.00000001',
  'md=1e300,d=-1',
  '1',
  '00'.repeat(8),
  'ffffffff',
  '-1',
  'bitaxe/x',
  'whatsminer/v1.1',
  'NiceHash/1',
  'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  '%00%ff',
  'version-rolling',
  'minimum-difficulty',
  1e308,
  5e-324,
  -0,
  2 ** 53,
]

const value = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TELLING) },
  fc.jsonValue({ maxDepth: 3 }),
  fc.constant(['version-rolling', 'minimum-difficulty', 'subscribe-extranonce']),
  fc.constant({ 'version-rolling.mask': 'ffffffff', 'minimum-difficulty.value': 1e300 }),
)

/** Lines as a broken or hostile miner may send them: some sound, some nearly, some not at all. */
export const arbitraryLine: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({
        id: fc.jsonValue({ maxDepth: 1 }),
        method: fc.constantFrom(...METHODS),
        params: fc.array(value, { maxLength: 6 }),
      })
      .map((line) => JSON.stringify(line)),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '{"id":1,"method":"mining.subscribe","params":["x"]}',
      '{"id":2,"method":"mining.authorize","params":["good.two","x"]}',
      `{"id":4,"method":"mining.submit","params":["good.two","1","${'00'.repeat(8)}","6955b900","0000a000"]}`,
      '{"id":5,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000"}]}',
    ),
  },
  fc.json(),
  fc.string(),
)
