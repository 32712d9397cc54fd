import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { BooksWatch } from '../ledger/books-watch.ts'
import type { LedgerNumbers } from '../ledger/ledger-messages.ts'
import type { Logger } from '../logger.ts'
import { join, share, testedStats } from '../stats/_stats-fixtures.ts'
import type { Notice } from './notice.ts'
import { Notifier } from './notifier.ts'
import { startNotices } from './start-notices.ts'
import { readTargets } from './targets.ts'
import { Watch } from './watch.ts'

const MINUTE = 60_000
const SETTINGS = {
  workerSilentMs: 10 * MINUTE,
  hashrateFellPercent: 50,
  refusedPercent: 10,
  diskLowBytes: 1_000,
} as const
const NOTICE: Notice = {
  kind: 'noWork',
  state: 'raised',
  text: 'there is nothing',
  at: 1_800_000_000_000,
  from: 'pool',
}

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A watch, and what it would tell. */
function watched() {
  const world = { ...testedStats(), ok: true, free: 5_000 as number | undefined }
  const watch = new Watch(SETTINGS, { stats: world.stats, ok: () => world.ok, freeBytes: () => world.free })
  const kinds = () => watch.conditions(world.clock.now).map(({ kind }) => kind)
  return { ...world, world, watch, kinds }
}

describe('what is told', () => {
  test('a worker that worked and is silent, connected or not, until its next share', () => {
    const { stats, clock, watch } = watched()
    join(stats, 1, { user: 'alice', worker: 'rig\u00071' })
    join(stats, 2, { user: 'alice', worker: 'never' })
    share(stats, 1)
    clock.now += 9 * MINUTE
    expect(watch.conditions(clock.now)).toEqual([])
    clock.now += MINUTE
    expect(watch.conditions(clock.now)).toEqual([
      { kind: 'workerSilent', about: 'alice.rig\u00071', text: 'worker alice.rig?1 sends no shares' },
    ])
    stats.closed(1)
    expect(watch.conditions(clock.now)).toHaveLength(1)
    join(stats, 3, { user: 'alice', worker: 'rig\u00071' })
    expect(watch.conditions(clock.now)).toEqual([])
  })

  test('a hash rate that fell by half', () => {
    const { stats, clock, kinds } = watched()
    join(stats, 1, { user: 'a' })
    for (let minute = 0; minute < 120; minute++) {
      clock.now += MINUTE
      share(stats, 1, { difficulty: 100 })
    }
    expect(kinds()).toEqual([])
    for (let minute = 0; minute < 9; minute++) {
      clock.now += MINUTE
      share(stats, 1, { difficulty: 20 })
    }
    expect(kinds()).toEqual(['hashrateFell'])
  })

  test('many refused shares of the last ten minutes, and not those of before', () => {
    const { stats, clock, kinds } = watched()
    join(stats, 1, { user: 'a' })
    expect(kinds()).toEqual([])
    for (let n = 0; n < 30; n++) {
      share(stats, 1)
      if (n < 4) stats.fact({ kind: 'shareRefused', session: 1, channelId: 1, code: 'stale-share' })
    }
    expect(kinds()).toEqual(['sharesRefused'])
    clock.now += 11 * MINUTE
    for (let n = 0; n < 30; n++) share(stats, 1)
    expect(kinds()).toEqual([])
  })

  test('no work for a minute, and a disk that is nearly full', () => {
    const { world, clock, kinds } = watched()
    world.ok = false
    expect(kinds()).toEqual([])
    clock.now += MINUTE
    expect(kinds()).toEqual(['noWork'])
    world.ok = true
    world.free = 10
    expect(kinds()).toEqual(['diskLow'])
    world.free = undefined
    expect(kinds()).toEqual([])
  })
})

describe('what is told of the books of a pool', () => {
  const NUMBERS: LedgerNumbers = {
    accounts: 1,
    sequence: 50,
    pendingBlocks: 0,
    confirmedBlocks: 0,
    orphanedBlocks: 0,
    distributionAt: 0,
    owed: 0,
    overpaid: 0,
    unknownBlocks: 0,
    nodeBehind: 0,
    isNodeAway: false,
  }

  /** Books that are well, and what is told of them at the next look. */
  function books() {
    const journal = { lagMs: 0, isFailing: false, flushed: 50 }
    const ledger: { numbers: LedgerNumbers | undefined } = { numbers: NUMBERS }
    const watch = new BooksWatch({ journal, ledger })
    const notices: Notice[] = []
    const notifier = new Notifier('pool', (notice) => notices.push(notice))
    const look = (times = 1) => {
      for (let n = 0; n < times; n++) notifier.see(watch.conditions(), n)
      return notices.splice(0).map(({ kind, state }) => `${kind} ${state}`)
    }
    look()
    return { journal, ledger, look }
  }

  test('shares that wait for the disk, or are refused by it: once each, with an all-clear', () => {
    const { journal, look } = books()
    expect(look()).toEqual([])
    journal.lagMs = 4_999
    expect(look()).toEqual([])
    journal.lagMs = 5_000
    expect(look(9)).toEqual(['journalLag raised'])
    journal.lagMs = 0
    expect(look(9)).toEqual(['journalLag cleared'])
    journal.isFailing = true
    expect(look(9)).toEqual(['journalLag raised'])
    journal.isFailing = false
    expect(look(9)).toEqual(['journalLag cleared'])
  })

  test('a ledger that reads nothing of a journal that has more, for a minute', () => {
    const { journal, ledger, look } = books()
    journal.flushed = 80
    expect(look(3)).toEqual([])
    expect(look(5)).toEqual(['journalLag raised'])
    ledger.numbers = { ...NUMBERS, sequence: 60 }
    expect(look(1)).toEqual(['journalLag cleared'])
    // behind, and getting on
    for (let sequence = 61; sequence < 70; sequence++) {
      ledger.numbers = { ...NUMBERS, sequence }
      expect(look()).toEqual([])
    }
    ledger.numbers = undefined
    expect(look(4)).toEqual(['journalLag raised'])
  })

  test('a node that is behind its headers, or away, for a minute', () => {
    const { ledger, look } = books()
    ledger.numbers = { ...NUMBERS, nodeBehind: 2 }
    expect(look(3)).toEqual([])
    ledger.numbers = NUMBERS
    expect(look(9)).toEqual([])
    ledger.numbers = { ...NUMBERS, nodeBehind: 1 }
    expect(look(9)).toEqual(['nodeBehind raised'])
    ledger.numbers = { ...NUMBERS, isNodeAway: true }
    expect(look(3)).toEqual(['nodeBehind cleared'])
    expect(look(9)).toEqual(['nodeBehind raised'])
    ledger.numbers = NUMBERS
    expect(look(9)).toEqual(['nodeBehind cleared'])
  })

  test('a pool without a ledger', () => {
    const watch = new BooksWatch({ journal: { lagMs: 0, isFailing: false, flushed: 9 }, ledger: undefined })
    for (let n = 0; n < 9; n++) expect(watch.conditions()).toEqual([])
  })
})

describe('how often it is told', () => {
  const told = () => {
    const notices: Notice[] = []
    return { notices, notifier: new Notifier('pool', (notice) => notices.push(notice)) }
  }
  const silent = (about: string) => ({ kind: 'workerSilent', about, text: `worker ${about}` }) as const

  test('once when it begins, and once when it is over', () => {
    const { notices, notifier } = told()
    for (const conditions of [[silent('a')], [silent('a')], [], []]) notifier.see(conditions, 5)
    expect(notices).toEqual([
      { kind: 'workerSilent', text: 'worker a', state: 'raised', at: 5, from: 'pool' },
      { kind: 'workerSilent', text: 'worker a', state: 'cleared', at: 5, from: 'pool' },
    ])
  })

  test('a whole farm that goes is one notice', () => {
    const { notices, notifier } = told()
    notifier.see(
      Array.from({ length: 2_000 }, (_, n) => silent(`w${n}`)),
      1,
    )
    expect(notices.map(({ text }) => text)).toEqual(['worker w0; worker w1; worker w2; and 1997 more'])
  })
})

/** A server that keeps what is posted to it. */
async function receiver(status = () => 200) {
  const posts: { readonly url: string; readonly title: string | undefined; readonly body: string }[] = []
  const server: Server = createServer(async (request: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { title } = request.headers
    posts.push({
      url: request.url ?? '',
      title: title as string | undefined,
      body: Buffer.concat(chunks).toString(),
    })
    response.writeHead(status()).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => server.close())
  return { posts, port: (server.address() as AddressInfo).port }
}

/** A mail server that takes everything and keeps it. */
async function mailServer() {
  const mails: string[] = []
  const server = createTcpServer((socket) => {
    let isBody = false
    let text = ''
    socket.write('220 test\r\n')
    socket.on('data', (chunk) => {
      text += chunk.toString()
      for (let end = text.indexOf('\r\n'); end !== -1; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end)
        text = text.slice(end + 2)
        if (isBody && line !== '.') {
          mails.push(line)
          continue
        }
        if (isBody) isBody = false
        else if (line === 'DATA') isBody = true
        socket.write(line === 'DATA' ? '354 go on\r\n' : line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n')
      }
    })
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => server.close())
  return { mails, port: (server.address() as AddressInfo).port }
}

describe('where it is told', () => {
  test('a webhook gets JSON, ntfy a title and a text, Telegram a message', async () => {
    const { posts, port } = await receiver()
    const origin = `http://127.0.0.1:${port}`
    const targets = readTargets(`# mine
      ${origin}/hook?key=secret
      ntfy+${origin}/topic

      telegram://12%3A34:ab@567?server=${encodeURIComponent(origin)}`)
    expect(targets.map(({ name }) => name)).toEqual([
      `webhook 127.0.0.1:${port}`,
      `ntfy 127.0.0.1:${port}`,
      'telegram',
    ])
    for (const target of targets) await target.send(NOTICE)
    expect(JSON.parse(posts[0]!.body)).toEqual(NOTICE)
    expect(posts[1]).toMatchObject({
      url: '/topic',
      title: 'pool: noWork',
      body: expect.stringContaining('nothing'),
    })
    expect(posts[2]).toMatchObject({ url: '/bot12:34:ab/sendMessage' })
    expect(JSON.parse(posts[2]!.body)).toMatchObject({
      chat_id: '567',
      text: expect.stringContaining('noWork'),
    })
  })

  test('a mailbox gets a mail, and a name of a miner makes no headers in it', async () => {
    const { mails, port } = await mailServer()
    const [target] = readTargets(`smtp://127.0.0.1:${port}?from=pool@example.org&to=me@example.org`)
    await target!.send({ ...NOTICE, state: 'cleared', text: 'worker x\r\nBcc: other@example.org' })
    expect(mails).toContain('Subject: pool: noWork is over')
    expect(mails).toContain('To: me@example.org')
    expect(mails.slice(0, mails.indexOf('')).join('\n')).not.toContain('Bcc')
  })

  test.each(['nonsense', 'ftp://x', 'https://ok.example\nsmtp://host', 'telegram://chat'])(
    '%j is refused by its line',
    (text) => {
      expect(() => readTargets(text)).toThrow(text.includes('\n') ? 'line 2 must be' : 'line 1 must be')
    },
  )
})

test('notices of a running node: blocks, orphans, the end of silence; what fails is logged, and tested on demand', async () => {
  let status = 200
  const { posts, port } = await receiver(() => status)
  const { stats, clock } = testedStats()
  const warnings: unknown[] = []
  const block = {
    hash: 'bb',
    height: 5,
    at: 1,
    account: '',
    worker: '',
    confirmations: 0,
    total_sat: 1,
    fee_sat: 0,
  }
  const ledger = { blocks: async () => ({ items: [{ ...block, state: 'orphaned' as const }], next: null }) }
  const notices = startNotices(
    { ...SETTINGS, targets: readTargets(`http://127.0.0.1:${port}/`) },
    {
      from: 'pool',
      folders: [],
      stats,
      ok: () => true,
      ledger: ledger as never,
      log: { warn: (line: unknown) => warnings.push(line) } as unknown as Logger,
      now: () => clock.now,
    },
  )
  closing.push(() => notices.close())
  const kinds = () =>
    posts.map(({ body }) => JSON.parse(body)).map(({ kind, state }: Notice) => `${kind} ${state}`)
  join(stats, 1, { user: 'a' })
  share(stats, 1)
  stats.fact({ kind: 'blockFound', session: 1, channelId: 1, hash: 'bb' })
  clock.now += 11 * MINUTE
  await notices.check()
  await notices.check()
  share(stats, 1)
  await notices.check()
  await vi.waitFor(() =>
    expect(kinds()).toEqual([
      'blockFound happened',
      'workerSilent raised',
      'blockOrphaned happened',
      'workerSilent cleared',
    ]),
  )
  expect(await notices.test()).toEqual([{ target: `webhook 127.0.0.1:${port}`, error: undefined }])
  status = 500
  expect(await notices.test()).toEqual([{ target: `webhook 127.0.0.1:${port}`, error: 'answered 500' }])
  stats.fact({ kind: 'blockFound', session: 1, channelId: 1, hash: 'cc' })
  await vi.waitFor(() => expect(warnings).toMatchObject([{ kind: 'blockFound', reason: 'answered 500' }]))
})
