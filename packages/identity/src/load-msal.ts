import { EntraIdError } from '@entraid/core';

/** The module `@azure/msal-node`. */
export type Msal = typeof import('@azure/msal-node');

/** Imports `@azure/msal-node`. */
export const importMsal = (): Promise<Msal> => import('@azure/msal-node');

/** Loads MSAL, which takes some 60 ms and 14 MiB, so not before a token is asked for. Rejects with `DEPENDENCY_MISSING`. */
export async function loadMsal(load: () => Promise<Msal> = importMsal): Promise<Msal> {
  try {
    return await load();
  } catch (cause) {
    throw new EntraIdError(
      'DEPENDENCY_MISSING',
      '@azure/msal-node could not be loaded; it is installed with @entraid/identity: npm install @azure/msal-node',
      { cause },
    );
  }
}
