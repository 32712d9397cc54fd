/** A graph by name: what each module imports when it runs. */
export type Graph = ReadonlyMap<string, readonly string[]>

/**
 * The cycles of a graph, each as the path that closes it (`a → b → a`), one for every edge that closes one.
 * Depth first; a module is looked at once.
 */
export function findCycles(graph: Graph): readonly string[] {
  const done = new Set<string>()
  const path: string[] = []
  const cycles: string[] = []
  const visit = (name: string): void => {
    const start = path.indexOf(name)
    if (start >= 0) cycles.push([...path.slice(start), name].join(' → '))
    if (start >= 0 || done.has(name)) return
    path.push(name)
    for (const next of graph.get(name) ?? []) visit(next)
    path.pop()
    done.add(name)
  }
  for (const name of graph.keys()) visit(name)
  return cycles
}
