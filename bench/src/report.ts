/** One row of results. */
export interface Measurement {
  readonly part: string
  readonly name: string
  readonly values: Readonly<Record<string, number | string>>
}

/** A Markdown table of the rows of one part. */
export function table(rows: readonly Measurement[]): string {
  const columns = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))]
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
  return [
    line(['', ...columns]),
    line(['---', ...columns.map(() => '--:')]),
    ...rows.map(({ name, values }) => line([name, ...columns.map((column) => shown(values[column]))])),
  ].join('\n')
}

function shown(value: number | string | undefined): string {
  return typeof value === 'number' ? value.toLocaleString('en-US') : (value ?? '')
}

/** The one in the middle; of an even number, the greater of both there. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}
