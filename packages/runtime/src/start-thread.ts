import { Worker } from 'node:worker_threads'

/**
 * Starts a module of ours in a thread of its own: as it stands in `dist`, or from the sources, where tsx loads it as it
 * does everything in development.
 * @param importer `import.meta.url` of the module that starts it
 * @param name of the thread's module beside the importer, without extension
 */
export function startThread(importer: string, name: string, workerData: unknown): Worker {
  if (!importer.endsWith('.ts')) return new Worker(new URL(`${name}.js`, importer), { workerData })
  // module hooks are registered anew in each thread: `--import tsx` does so in the main thread only
  const tsx = import.meta.resolve('tsx/esm/api')
  const thread = new URL(`${name}.ts`, importer).href
  const start = `import(${JSON.stringify(tsx)}).then((tsx) => { tsx.register(); return import(${JSON.stringify(thread)}) })`
  return new Worker(start, { workerData, eval: true, execArgv: ['--conditions=@sv2/source'] })
}
