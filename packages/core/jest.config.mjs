import preset from '../../jest.preset.mjs';

// Unit tests only: nothing of them waits for a server, so every core may work on them.
export default { ...preset, rootDir: import.meta.dirname, maxWorkers: '100%' };
