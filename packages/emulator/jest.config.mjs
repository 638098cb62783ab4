import preset from '../../jest.preset.mjs';

// Most tests start servers and programs, which on a busy machine takes longer than jest's 5 s.
export default { ...preset, rootDir: import.meta.dirname, testTimeout: 20_000 };
