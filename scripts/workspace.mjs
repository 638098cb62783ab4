// The workspace's members, as pnpm-workspace.yaml names them: packages/* are published, apps/* are private.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../', import.meta.url));

/** Each member as `{ name, folder, path, manifest }`; `folder` is relative to the root, `name` its last part. */
export function members(...parents) {
  return parents.flatMap((parent) =>
    readdirSync(join(root, parent))
      .sort()
      .map((name) => ({ name, folder: `${parent}/${name}`, path: join(root, parent, name) }))
      .filter(({ path }) => existsSync(join(path, 'package.json')))
      .map((member) => ({
        ...member,
        manifest: JSON.parse(readFileSync(join(member.path, 'package.json'), 'utf8')),
      })),
  );
}
