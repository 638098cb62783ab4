// Type-aware rules, run by "npm run lint" after a build: imports between packages read the types in dist.
// Formatting and the plain rules are biome's.
import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const noDefaultExports = {
  direct: true,
  named: true,
  defaultFrom: true,
  namedFrom: true,
  namespaceFrom: true,
};
const noExportAll = {
  selector: 'ExportAllDeclaration',
  message: 'Name what is exported, so that a change of the public surface shows in the diff.',
};
const namedProperty = (object, property, message) => ({ object, property, message });

// The dependency rule. scripts/check-dependencies.mjs checks the same, and package.json and tsconfig with it.
const arrows = {
  core: [],
  emulator: ['core'],
  identity: ['core'],
  ioredis: ['core'],
  'node-redis': ['core'],
};
const byNameOnly = {
  regex: '^@entraid/[^/]+/(src|dist)(/|$)|^(\\.\\./)+(dist/|[^./][^/]*/(.*/)?(src|dist)/)',
  message: 'Import another package by its name, never its files.',
};
const siblings = (names) => ({
  regex: `^@entraid/(?!(?:${names.join('|') || '-'})(?:/|$))`,
  message: `Of its siblings this package imports ${names.join(' and ') || 'none'}.`,
});
const noNodeModules = { regex: '^node:', message: 'core uses no Node.js module.' };
const restrictImports = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });

const fromClock = 'Time comes from the clock (src/clock.ts), so that tests can set it.';
const timers = ['setTimeout', 'setInterval', 'setImmediate', 'performance'];

export default defineConfig(
  { ignores: ['**/dist/**', '**/coverage/**', '**/.jest/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        console: 'readonly',
        process: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
      },
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // `typeof import('...')` is how an SDK that is loaded on first use gets its type.
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/max-params': ['error', { max: 4 }],
      'no-restricted-exports': ['error', { restrictDefaultExports: noDefaultExports }],
      'no-restricted-syntax': ['error', noExportAll],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      // Public functions check what plain JavaScript may pass, which by the types cannot happen.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Reports each check that a method is there, and each client method that is wrapped on purpose.
      '@typescript-eslint/unbound-method': 'off',
      // What was caught, and an AbortSignal's reason, go on as they are: wrapping them would hide what they are.
      '@typescript-eslint/only-throw-error': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      // An interface says "returns a promise"; an implementation that has nothing to await keeps that with async.
      '@typescript-eslint/require-await': 'off',
      // Numbers and booleans print as they should.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // `return stop();` at the end of a function that returns nothing is no confusion.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    rules: { 'max-lines': ['error', { max: 300 }], 'no-console': 'error' },
  },
  ...Object.entries(arrows).flatMap(([name, allowed]) => [
    {
      files: [`packages/${name}/src/**/*.ts`],
      rules: restrictImports(byNameOnly, siblings(allowed), ...(name === 'core' ? [noNodeModules] : [])),
    },
    {
      files: [`packages/${name}/test/**/*.ts`],
      rules: restrictImports(
        byNameOnly,
        siblings(name === 'core' ? ['core'] : [name, ...allowed, 'emulator']),
      ),
    },
  ]),
  { files: ['apps/**/*.ts'], rules: restrictImports(byNameOnly) },
  {
    files: ['packages/core/src/**/*.ts'],
    // The fake clock has to let the real event loop turn.
    ignores: ['packages/core/src/clock.ts', 'packages/core/src/testing/**'],
    rules: {
      'no-restricted-globals': ['error', ...timers.map((name) => ({ name, message: fromClock }))],
      'no-restricted-properties': [
        'error',
        namedProperty('Date', 'now', fromClock),
        namedProperty('AbortSignal', 'timeout', fromClock),
        namedProperty('process', 'hrtime', fromClock),
        ...timers.map((name) => namedProperty('globalThis', name, fromClock)),
      ],
      'no-restricted-syntax': [
        'error',
        noExportAll,
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: fromClock },
      ],
    },
  },
  {
    files: ['**/test/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...['it', 'test', 'describe'].flatMap((object) =>
          ['only', 'skip', 'todo'].map((name) => namedProperty(object, name, 'Every test runs, every time.')),
        ),
      ],
      // Tests pass wrong types on purpose, reach into internals, and know which element is there.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'off',
      '@typescript-eslint/max-params': 'off',
    },
  },
  {
    // Type tests declare what they never use, and spell out what would be inferred.
    files: ['**/*.test-d.ts'],
    rules: {
      '@typescript-eslint/no-unused-vars': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-unnecessary-type-arguments': 'off',
    },
  },
);
