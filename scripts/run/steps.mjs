import { run } from './process.mjs'

/** As many steps of one thread each run beside each other. */
const BESIDE = 2

/** Runs the steps, two at a time; each prints when it is done, and all of its output when it failed. */
export async function runSteps(steps) {
  const waiting = [...steps]
  const done = []
  const worker = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift())
      done.push(await runQuietly(step))
  }
  await Promise.all(Array.from({ length: BESIDE }, worker))
  return done
}

async function runQuietly({ name, run: [file, args] }) {
  const output = []
  const started = performance.now()
  const code = await run(file, args, { onOutput: (chunk) => output.push(chunk) })
  const step = { name, code, seconds: (performance.now() - started) / 1000 }
  if (code !== 0) process.stdout.write(Buffer.concat(output))
  process.stdout.write(line(step))
  return step
}

/** Runs one step that prints as it goes. */
export async function runStep(name, action) {
  process.stdout.write(`\n── ${name}\n`)
  const started = performance.now()
  const code = await action()
  const step = { name, code, seconds: (performance.now() - started) / 1000 }
  process.stdout.write(line(step))
  return step
}

/** Prints what ran, how long it took, and what did not run and why. */
export function printSummary(steps, omissions) {
  process.stdout.write('\n── summary\n')
  for (const step of steps) process.stdout.write(line(step))
  const failed = steps.filter(({ code }) => code !== 0)
  for (const reason of omissions) process.stdout.write(`  not run  ${reason}\n`)
  process.stdout.write(
    failed.length === 0
      ? `\nAll ${steps.length} steps passed in ${(performance.now() / 1000).toFixed(0)} s.\n`
      : `\nFAILED: ${failed.map(({ name }) => name).join(', ')}\n`,
  )
}

function line({ name, code, seconds }) {
  return `  ${code === 0 ? 'ok      ' : 'FAILED  '} ${name.padEnd(42)} ${seconds.toFixed(1).padStart(6)} s\n`
}
