/** The contexts and arguments that builds in Compose files pass to Dockerfiles among the input files. */
import path from 'node:path';
import { quoteValue } from '../../image/quote.ts';
import type { ComposeBuild } from '../../files/image-locations/compose/builds.ts';
import type { Build } from '../../files/image-locations/dockerfile/builds.ts';
import { type KnownFiles, realPathOf } from '../../files/kustomize-files.ts';

interface PlacedBuild extends Omit<ComposeBuild, 'dockerfile'> {
  readonly file: string;
  readonly folder: string;
  readonly dockerfiles: readonly (string | undefined)[];
}

/** Returns the builds by the real path of the Dockerfile. */
export function dockerfileBuilds(known: KnownFiles): ReadonlyMap<string, readonly Build[]> {
  const all = [...known.values()].flatMap(({ file, folders, found }) =>
    [...folders].flatMap((folder) =>
      found.builds.map((build): PlacedBuild => ({ ...build, dockerfiles: [build.dockerfile], file, folder })),
    ),
  );
  const services = Map.groupBy(all, ({ folder, service }) => JSON.stringify([folder, service]));
  const builds = new Map<string, Build[]>();
  for (const build of [...services.values()].flatMap(completed)) {
    const { service, file, contexts, args, built } = build;
    const name = `the build of service ${quoteValue(service)} in ${file}`;
    for (const id of dockerfilesOf(build).filter((one) => known.has(one))) {
      const before = builds.get(id) ?? [];
      before.push({ name, contexts, args, built });
      builds.set(id, before);
    }
  }
  return builds;
}

/**
 * Returns each build alone and, because Compose merges files in a directory, the builds without a context merged with the
 * first that has one.
 */
function completed(service: readonly PlacedBuild[]): readonly PlacedBuild[] {
  const alone = service.filter(({ context, dockerfiles }) => context !== undefined || dockerfiles[0] !== undefined);
  const [partial, ...more] = service.filter(({ context }) => context === undefined);
  if (partial === undefined || alone.length === 0) return service;
  const base = service.filter(({ context }) => context !== undefined).slice(0, 1);
  const all = [partial, ...more, ...base];
  const contexts = all.flatMap((one) => one.contexts);
  const args = mergedArguments(all);
  const built = all.flatMap((one) => one.built);
  const dockerfiles = all.flatMap((one) => one.dockerfiles);
  const context = base[0]?.context;
  const file = [...new Set(all.map((one) => one.file))].join(' and ');
  return [...alone, { ...partial, file, context, dockerfiles, contexts, args, built }];
}

/** Which file comes last is not known, so a value that differs is not known. */
function mergedArguments(builds: readonly PlacedBuild[]): PlacedBuild['args'] {
  const args = new Map<string, string | undefined>();
  for (const build of builds)
    for (const [name, value] of build.args)
      args.set(name, args.has(name) && args.get(name) !== value ? undefined : value);
  return args;
}

/** Without a `Dockerfile`, BuildKit uses `dockerfile`, and Podman also `Containerfile`. */
const DEFAULT_NAMES = ['Dockerfile', 'dockerfile', 'Containerfile'];

function dockerfilesOf({ folder, context = '.', dockerfiles }: PlacedBuild): readonly string[] {
  if (REMOTE.test(context)) return [];
  const names = dockerfiles.flatMap((dockerfile) => dockerfile ?? DEFAULT_NAMES);
  return [...new Set(names.map((name) => realPathOf(path.resolve(folder, context, name))))];
}

/** compose-go (paths/context.go). */
const REMOTE = /:\/\/|^(?:github\.com\/|git@)/;
