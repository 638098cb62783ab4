import { fileURLToPath } from 'node:url';

/** Shared by every package: native ESM, ts-jest in transpile mode (types are checked by tsc), workspace imports read `src`. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, tsconfig: '<rootDir>/tsconfig.json' }] },
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^@entraid/([^/]+)$': fileURLToPath(new URL('packages/$1/src/index.ts', import.meta.url)),
    '^@entraid/([^/]+)/testing$': fileURLToPath(new URL('packages/$1/src/testing/index.ts', import.meta.url)),
  },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
};
