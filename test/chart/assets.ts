// Locates Helm, helm-unittest, promtool, actionlint, Krew, and validate-krew-manifest, without starting them, in the cache that build.mjs fills.
import { constants, accessSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

interface Source {
  /** The package that builds the program. */
  readonly source: string;
  readonly module: string;
  /** Of the go.mod that pins the module. */
  readonly directory: string;
  readonly tags?: string;
}

const directory = import.meta.dirname;

/** By the name of the file in the cache. */
export const programs = {
  helm3: { source: 'helm.sh/helm/v3/cmd/helm', module: 'helm.sh/helm/v3', directory },
  helm4: { source: 'helm.sh/helm/v4/cmd/helm', module: 'helm.sh/helm/v4', directory },
  'helm-unittest': {
    source: 'github.com/helm-unittest/helm-unittest/cmd/helm-unittest',
    module: 'github.com/helm-unittest/helm-unittest',
    directory,
  },
  promtool: {
    source: 'github.com/prometheus/prometheus/cmd/promtool',
    module: 'github.com/prometheus/prometheus',
    directory: join(directory, '../promtool'),
    // Without service discovery, which is a fifth of the packages.
    tags: 'remove_all_sd',
  },
  actionlint: {
    source: 'github.com/rhysd/actionlint/cmd/actionlint',
    module: 'github.com/rhysd/actionlint',
    directory: join(directory, '../pipelines'),
  },
  'kubectl-krew': {
    source: 'sigs.k8s.io/krew/cmd/krew',
    module: 'sigs.k8s.io/krew',
    directory: join(directory, '../pipelines'),
  },
  'validate-krew-manifest': {
    source: 'sigs.k8s.io/krew/cmd/validate-krew-manifest',
    module: 'sigs.k8s.io/krew',
    directory: join(directory, '../pipelines'),
  },
} as const satisfies Readonly<Record<string, Source>>;

export type Program = keyof typeof programs;

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tidewaiter');

/** The release that go.mod pins, for example `3.22.0`. */
export function versionOf(program: Program): string {
  const { module, directory: from } = programs[program];
  const lines = readFileSync(join(from, 'go.mod'), 'utf8').split('\n');
  const line = lines.find((text) => text.includes(`${module} v`) && !text.includes('// indirect'));
  const version = line?.split(' v')[1];
  if (version === undefined) throw new Error(`${from}/go.mod does not require ${module}`);
  return version;
}

/** Outside of the repository, one file per program, release, and platform. */
export function pathOf(program: Program): string {
  return join(cache, `${program}-${versionOf(program)}-${process.platform}-${process.arch}`);
}

/** Why the tests of the chart cannot run, and what to do; undefined when all programs are there. */
export const helmMissing = missingOf('helm3', 'helm4', 'helm-unittest');

/** Why the GitHub Action cannot be tested, and what to do; undefined when the program is there. */
export const actionlintMissing = missingOf('actionlint');

/** Why the manifest for Krew cannot be tested, and what to do; undefined when the programs are there. */
export const krewMissing = missingOf('kubectl-krew', 'validate-krew-manifest');

/** Why the tests of the alerts cannot run, and what to do; undefined when the program is there. */
export const promtoolMissing = missingOf('promtool');

function missingOf(...names: readonly Program[]): string | undefined {
  const missing = names.filter((program) => !isExecutable(pathOf(program)));
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
