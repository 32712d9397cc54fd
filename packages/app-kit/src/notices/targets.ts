import type { Transporter } from 'nodemailer'
import type { Notice } from './notice.ts'

/** A sender gives up after this time, ms. */
const SEND_MS = 10_000

/** Where notices go. */
export interface Target {
  /** For log lines: without anything secret. */
  readonly name: string
  send(notice: Notice): Promise<void>
}

/** Reads a file of targets, a URL in each line. @throws {RangeError} with the number of the first line that is wrong */
export function readTargets(text: string): Target[] {
  return text.split('\n').flatMap((line, place) => {
    const spelled = line.trim()
    if (spelled === '' || spelled.startsWith('#')) return []
    const target = URL.canParse(spelled) ? targetOf(new URL(spelled)) : undefined
    // the line may hold a secret
    if (target === undefined)
      throw new RangeError(
        `line ${place + 1} must be https://…, ntfy+https://server/topic, telegram://token@chat or smtps://user:password@server?from=…&to=…`,
      )
    return [target]
  })
}

function targetOf(url: URL): Target | undefined {
  switch (url.protocol) {
    case 'http:':
    case 'https:':
      return {
        name: `webhook ${url.host}`,
        send: (notice) => post(url.href, JSON.stringify(notice), JSON_TYPE),
      }
    case 'ntfy+http:':
    case 'ntfy+https:': {
      const topic = url.href.slice('ntfy+'.length)
      return {
        name: `ntfy ${url.host}`,
        send: (notice) => post(topic, textOf(notice), { title: titleOf(notice) }),
      }
    }
    case 'telegram:':
      return telegram(decodeURIComponent(`${url.username}:${url.password}`), url)
    case 'smtp:':
    case 'smtps:':
      return email(url)
    default:
      return undefined
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** `server` in the query names another one than Telegram's own. */
function telegram(token: string, url: URL): Target | undefined {
  const chat = url.hostname
  if (token === ':' || chat === '') return undefined
  const server = url.searchParams.get('server') ?? 'https://api.telegram.org'
  return {
    name: 'telegram',
    send: (notice) =>
      post(
        `${server}/bot${token}/sendMessage`,
        JSON.stringify({ chat_id: chat, text: `${titleOf(notice)}\n${textOf(notice)}` }),
        JSON_TYPE,
      ),
  }
}

function email(url: URL): Target | undefined {
  const [from, to] = [url.searchParams.get('from'), url.searchParams.get('to')]
  if (from === null || to === null) return undefined
  const settings = {
    host: url.hostname,
    port: url.port === '' ? (url.protocol === 'smtps:' ? 465 : 587) : Number(url.port),
    secure: url.protocol === 'smtps:',
    ...(url.username !== '' && {
      auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
    }),
    connectionTimeout: SEND_MS,
    greetingTimeout: SEND_MS,
    socketTimeout: SEND_MS,
  }
  let transport: Transporter | undefined
  return {
    name: `e-mail ${url.host}`,
    async send(notice) {
      // most processes send none: memory
      transport ??= (await import('nodemailer')).createTransport(settings)
      await transport.sendMail({ from, to, subject: titleOf(notice), text: textOf(notice) })
    },
  }
}

async function post(url: string, body: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const answer = await fetch(url, { method: 'POST', body, headers, signal: AbortSignal.timeout(SEND_MS) })
  await answer.body?.cancel()
  if (!answer.ok) throw new Error(`answered ${answer.status}`)
}

/** ASCII without names of miners: it becomes a header. */
function titleOf({ from, kind, state }: Notice): string {
  return `${from}: ${kind}${state === 'cleared' ? ' is over' : ''}`
}

function textOf({ text, state, at }: Notice): string {
  return `${state === 'cleared' ? 'Over: ' : ''}${text}\n${new Date(at).toISOString()}`
}
