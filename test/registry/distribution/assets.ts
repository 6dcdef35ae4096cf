// Where the registry of the distribution project is: REGISTRY_BINARY, else the cache that build.mjs fills.
import { accessSync, constants, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const goMod = readFileSync(join(import.meta.dirname, 'go.mod'), 'utf8');

/** The release that go.mod pins, without the leading "v". */
export const distributionVersion = /github\.com\/distribution\/distribution\/v3 v(\S+)/.exec(goMod)?.[1] ?? 'unpinned';

/** The file that build.mjs makes: outside of the repository, one for each release. */
export const builtRegistry = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'tidewaiter',
  `distribution-${distributionVersion}-${process.platform}-${process.arch}`,
  'registry',
);

export const registryProgram = process.env.REGISTRY_BINARY || builtRegistry;

/** Why it cannot be started, and how to get it; undefined when it is there. */
export const distributionMissing = isExecutable(registryProgram)
  ? undefined
  : `there is no ${registryProgram}: run npm run test:registry:build (needs Go >= 1.26), or set REGISTRY_BINARY`;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
