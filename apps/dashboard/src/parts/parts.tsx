import type { ComponentChildren } from 'preact'

/** A section with a heading. */
export function Card({
  title,
  children,
  aside,
}: {
  readonly title: string
  readonly children: ComponentChildren
  readonly aside?: ComponentChildren
}) {
  return (
    <section class="card">
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  )
}

/** One number with its name. */
export function Stat({
  name,
  value,
  note,
  tone,
}: {
  readonly name: string
  readonly value: string
  readonly note?: string | undefined
  readonly tone?: 'bad' | 'good' | undefined
}) {
  return (
    <div class="stat">
      <dt>{name}</dt>
      <dd class={tone}>
        {value}
        {note !== undefined && <small>{note}</small>}
      </dd>
    </div>
  )
}

/** Numbers side by side. */
export function Stats({ children }: { readonly children: ComponentChildren }) {
  return <dl class="stats">{children}</dl>
}

/** A word with a colour that is not alone in saying it. */
export function Badge({
  tone,
  children,
}: {
  readonly tone: 'good' | 'bad' | 'warn' | 'plain'
  readonly children: ComponentChildren
}) {
  return <span class={`badge ${tone}`}>{children}</span>
}

/** A column of a table. */
export interface Column<Row> {
  readonly name: string
  readonly isNumber?: boolean
  readonly cell: (row: Row) => ComponentChildren
}

/** A table that scrolls by itself on a narrow page, by keyboard too. */
export function Table<Row>({
  name,
  columns,
  rows,
  keyOf,
  empty,
}: {
  readonly name: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string | number
  readonly empty: string
}) {
  if (rows.length === 0) return <p class="empty">{empty}</p>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section class="scroll" aria-label={name} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map(({ name: title, isNumber }) => (
              <th key={title} scope="col" class={isNumber === true ? 'number' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ name: title, isNumber, cell }) => (
                <td key={title} class={isNumber === true ? 'number' : undefined}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** Refused shares, with their reasons. */
export function Refused({
  shares,
}: {
  readonly shares: {
    readonly accepted: number
    readonly refused: number
    readonly refused_by_reason: Readonly<Record<string, number>>
  }
}) {
  const reasons = Object.entries(shares.refused_by_reason).sort(([, a], [, b]) => b - a)
  if (reasons.length === 0) return <>0</>
  return <>{reasons.map(([reason, count]) => `${count} ${reason}`).join(', ')}</>
}

/** One of a few choices. */
export function Choice<Value extends string>({
  name,
  value,
  values,
  onChange,
}: {
  readonly name: string
  readonly value: Value
  readonly values: readonly (readonly [Value, string])[]
  readonly onChange: (value: Value) => void
}) {
  return (
    <fieldset class="choice">
      <legend class="hidden">{name}</legend>
      {values.map(([each, text]) => (
        <button key={each} type="button" aria-pressed={each === value} onClick={() => onChange(each)}>
          {text}
        </button>
      ))}
    </fieldset>
  )
}
