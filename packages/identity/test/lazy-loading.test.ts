import { describe, expect, it, jest } from '@jest/globals';
import { CJS_ENTRY, ESM_ENTRY, runModule, TEST_TIMEOUT_MS } from './fixtures/child-process.js';
import { CLIENT_ID, SECRET, TENANT_ID } from './fixtures/entra-stub.js';

jest.setTimeout(TEST_TIMEOUT_MS);

const OPTIONS = JSON.stringify({ tenantId: TENANT_ID, clientId: CLIENT_ID, clientSecret: SECRET });

const RESOLVE = `(specifier, context, next) => {
  if (!specifier.startsWith('@azure/')) return next(specifier, context);
  throw Object.assign(new Error('no package ' + specifier), { code: 'ERR_MODULE_NOT_FOUND' });
}`;

const dataUrl = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`;

/** A resolution hook under which MSAL is not installed. Node.js before 22.15 has the asynchronous kind only. */
const WITHOUT_MSAL = dataUrl(`
  import * as module from 'node:module';
  if (module.registerHooks) module.registerHooks({ resolve: ${RESOLVE} });
  else module.register(${JSON.stringify(dataUrl(`export const resolve = ${RESOLVE};`))});
`);

describe('the built package', () => {
  it('works up to the first request without MSAL being there, and then names what is missing', async () => {
    const { exitCode, stdout, stderr } = await runModule(
      `import { clientSecret } from ${JSON.stringify(ESM_ENTRY)};
       const provider = clientSecret(${OPTIONS});
       console.log('constructed');
       const request = () => provider.requestToken({ signal: new AbortController().signal, forceRefresh: false });
       await request().catch((error) => console.log(error.code, '|', error.cause.message));`,
      { arguments: ['--import', WITHOUT_MSAL] },
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toEqual([
      'constructed',
      'DEPENDENCY_MISSING | no package @azure/msal-node',
    ]);
  });

  it('loads MSAL with the first request and not before, from CommonJS as well', async () => {
    const { exitCode, stdout, stderr } = await runModule(
      `import { createRequire } from 'node:module';
       const require = createRequire(${JSON.stringify(CJS_ENTRY)});
       const loaded = () => Object.keys(require.cache).filter((path) => path.includes('@azure')).length;
       const { clientSecret } = require(${JSON.stringify(CJS_ENTRY)});
       const sendPostRequestAsync = async () =>
         ({ status: 200, headers: {}, body: { access_token: 'a.b.c', expires_in: 3600, token_type: 'Bearer' } });
       const networkClient = { sendPostRequestAsync, sendGetRequestAsync: sendPostRequestAsync };
       const provider = clientSecret({ ...${OPTIONS}, networkClient });
       console.log(loaded());
       const response = await provider.requestToken({ signal: new AbortController().signal, forceRefresh: false });
       console.log(loaded() > 0, response.type);`,
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toEqual(['0', 'true AuthResult']);
  });

  it('shows no secret in a request that is under way, with all that the runtime hangs on it', async () => {
    const { exitCode, stdout, stderr } = await runModule(
      `import { inspect } from 'node:util';
       import { clientSecret } from ${JSON.stringify(ESM_ENTRY)};
       const sendPostRequestAsync = () => new Promise(() => {
         console.log(inspect([pending, provider], { depth: null, showHidden: true }));
         controller.abort();
       });
       const networkClient = { sendPostRequestAsync, sendGetRequestAsync: sendPostRequestAsync };
       const provider = clientSecret({ ...${OPTIONS}, networkClient });
       const controller = new AbortController();
       const pending = provider.requestToken({ signal: controller.signal, forceRefresh: false });
       await pending.catch((error) => console.log(error.code));`,
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain('<pending>');
    expect(stdout).toContain('ABORTED');
    expect(stdout).not.toContain(SECRET);
    expect(stdout).not.toContain(encodeURIComponent(SECRET));
  });
});
