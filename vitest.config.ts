import {EventEmitter} from 'node:events'
import {defineConfig} from 'vitest/config'

// vitest calls ref and unref on a child's channel, which Bun's ChildProcess does not have (oven-sh/bun#36405).
const emitter = EventEmitter.prototype as unknown as Record<string, unknown>
for (const method of ['ref', 'unref']) {
  emitter[method] ??= function self(this: unknown) {
    return this
  }
}

const common = {pool: 'forks' as const, testTimeout: 30_000}

export default defineConfig({
  test: {
    projects: [
      {test: {...common, name: 'unit', include: ['test/unit/**/*.test.ts', 'test/*.test.ts']}},
      {test: {...common, name: 'sim', include: ['test/sim/**/*.test.ts']}},
      {test: {...common, name: 'script', include: ['test/script/**/*.test.ts']}},
      {
        test: {
          ...common,
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          globalSetup: ['test/lab/global-setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          // One guest with two processors serves all scenarios.
          fileParallelism: false,
        },
      },
    ],
  },
})
