import preset from '../../jest.preset.mjs';

// Most tests start a server and several clients, which on a busy machine takes longer than jest's 5 s; they mostly wait.
export default { ...preset, rootDir: import.meta.dirname, testTimeout: 20_000, maxWorkers: 2 };
