import { useEffect, useRef, useState } from 'preact/hooks'
import UPlot from 'uplot'
import type { History } from '../data/shapes.ts'
import { hashrate } from '../data/words.ts'

const HEIGHT = 200
const DARK = matchMedia('(prefers-color-scheme: dark)')

/** Hash rate over time; what it shows is said in words for those who do not see it. */
export function HashrateChart({
  history,
  name,
}: {
  readonly history: History | undefined
  readonly name: string
}) {
  const place = useRef<HTMLDivElement>(null)
  const points = history?.points ?? []
  const last = points.at(-1)
  const drawn = last === undefined ? '' : `${points.length}:${last.at}:${last.hashrate}`
  const [isDark, setIsDark] = useState(DARK.matches)
  useEffect(() => {
    const changed = () => setIsDark(DARK.matches)
    DARK.addEventListener('change', changed)
    return () => DARK.removeEventListener('change', changed)
  }, [])
  // `drawn` stands for the points, and colours follow the scheme
  useEffect(() => {
    const element = place.current
    if (element === null || points.length < 2) return
    const style = getComputedStyle(element)
    const [line, text, grid] = ['--accent', '--muted', '--line'].map((name) => style.getPropertyValue(name))
    const axis = { stroke: text!, grid: { stroke: grid!, width: 1 }, ticks: { stroke: grid!, width: 1 } }
    const chart = new UPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: { y: { range: (_, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
        axes: [axis, { ...axis, size: 78, values: (_, ticks) => ticks.map(hashrate) }],
        series: [{}, { stroke: line!, width: 2, fill: `${line}22`, points: { show: false } }],
      },
      [points.map(({ at }) => at / 1000), points.map((point) => point.hashrate)],
      element,
    )
    const watch = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }))
    watch.observe(element)
    return () => {
      watch.disconnect()
      chart.destroy()
    }
  }, [drawn, isDark])
  if (last === undefined || points.length < 2)
    return <p class="empty">The first points come after some minutes of shares.</p>
  const most = Math.max(...points.map((point) => point.hashrate))
  return (
    <figure>
      <div ref={place} class="chart" aria-hidden="true" />
      <figcaption class="hidden">
        {name}: {hashrate(last.hashrate)} at last, {hashrate(most)} at most, over {points.length} points.
      </figcaption>
    </figure>
  )
}
