// Locates Helm and helm-unittest, without starting them, in the cache that build.mjs fills.
import { constants, accessSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** By the name of the file in the cache: the package that builds it, and its module. */
export const programs = {
  helm3: { source: 'helm.sh/helm/v3/cmd/helm', module: 'helm.sh/helm/v3' },
  helm4: { source: 'helm.sh/helm/v4/cmd/helm', module: 'helm.sh/helm/v4' },
  'helm-unittest': {
    source: 'github.com/helm-unittest/helm-unittest/cmd/helm-unittest',
    module: 'github.com/helm-unittest/helm-unittest',
  },
} as const;

export type Program = keyof typeof programs;

const goMod = readFileSync(join(import.meta.dirname, 'go.mod'), 'utf8');
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tidewaiter');

/** The release that go.mod pins, for example `3.22.0`. */
export function versionOf(program: Program): string {
  const { module } = programs[program];
  const line = goMod.split('\n').find((text) => text.startsWith(`\t${module} v`) && !text.includes('// indirect'));
  const version = line?.split(' v')[1];
  if (version === undefined) throw new Error(`test/chart/go.mod does not require ${module}`);
  return version;
}

/** Outside of the repository, one file per program, release, and platform. */
export function pathOf(program: Program): string {
  return join(cache, `${program}-${versionOf(program)}-${process.platform}-${process.arch}`);
}

/** Why the tests of the chart cannot run, and what to do; undefined when all programs are there. */
export const helmMissing = missingPrograms();

function missingPrograms(): string | undefined {
  const missing = (Object.keys(programs) as Program[]).filter((program) => !isExecutable(pathOf(program)));
  return missing.length === 0
    ? undefined
    : `${cache} has no ${missing.join(', no ')}: run npm run test:chart:build (needs Go >= 1.26)`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
