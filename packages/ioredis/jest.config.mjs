import preset from '../../jest.preset.mjs';

// Real servers and real token lifetimes of a second or two: on a busy machine a test may take its time.
export default { ...preset, rootDir: import.meta.dirname, testTimeout: 20_000 };
