import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { loadUp, poolTree } from '../apps/sv2/src/up-config.ts'

const root = resolve(import.meta.dirname, '..')
const chart = join(root, 'deploy/helm/sv2')
/** What `helm template sv2 deploy/helm/sv2` prints; the test with Helm compares. */
const RENDERED = join(root, 'deploy/helm/rendered.yaml')
const helm = process.env.HELM ?? 'helm'
const hasHelm = spawnSync(helm, ['version']).status === 0

interface Resource {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: Record<string, never>
  readonly stringData?: Readonly<Record<string, string>>
}

const resources = parseAllDocuments(readFileSync(RENDERED, 'utf8')).map((each) => each.toJS() as Resource)

describe('the chart', () => {
  test('starts sv2 with a configuration that it takes', () => {
    const [secret] = resources.filter(({ kind }) => kind === 'Secret')
    const [set] = resources.filter(({ kind }) => kind === 'StatefulSet')
    const { template } = set!.spec as unknown as {
      template: { spec: { containers: { args: string[]; env: { name: string; value: string }[] }[] } }
    }
    const [container] = template.spec.containers
    expect(container!.args).toEqual(['up', '--json', '--config', '/app/config/sv2.toml'])
    const folder = mkdtempSync(join(tmpdir(), 'sv2-helm-'))
    const file = join(folder, 'sv2.toml')
    writeFileSync(file, secret!.stringData!['sv2.toml']!)
    const env = Object.fromEntries(container!.env.map(({ name, value }) => [name, value]))
    const config = loadUp({ file, env, prefix: 'SV2_UP' }, 'info')
    rmSync(folder, { recursive: true })
    expect(config.data_dir).toBe('/app/data')
    expect(poolTree(config.tree)).toMatchObject({
      listen: [{ port: 3333 }],
      job_negotiator: { listen: [{ port: 3334 }] },
      monitoring: { host: '0.0.0.0', port: 9090 },
    })
  })

  test('shows miners their ports alone; numbers and pages stay in the cluster', () => {
    const services = resources
      .filter(({ kind }) => kind === 'Service')
      .map(({ spec }) => spec as unknown as { type: string; ports: { name: string }[] })
    expect(services.map(({ type, ports }) => [type, ...ports.map(({ name }) => name)])).toEqual([
      ['LoadBalancer', 'miners', 'negotiator'],
      ['ClusterIP', 'monitoring'],
    ])
  })

  test.skipIf(!hasHelm)(
    'lints, and renders as stored (skipped where there is no Helm; HELM names one)',
    () => {
      const lint = spawnSync(helm, ['lint', '--strict', chart], { encoding: 'utf8' })
      expect(lint.stdout + lint.stderr).toContain('0 chart(s) failed')
      const { stdout } = spawnSync(helm, ['template', 'sv2', chart], { encoding: 'utf8' })
      expect(stdout).toBe(readFileSync(RENDERED, 'utf8'))
    },
  )
})
