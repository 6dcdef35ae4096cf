/** What builds in Compose files give to a Dockerfile: contexts instead of images, and values of ARGs. */
import { parseReference } from '../../../image/reference.ts';
import type { GivenArgument } from './arguments.ts';

/** A build that a Compose file describes. */
export interface Build {
  /** The name for messages. */
  readonly name: string;
  /** Names of the contexts that it supplies; no image is pulled for them. */
  readonly contexts: readonly string[];
  /** ARGs that it sets, whatever their defaults are. undefined: the value is not known. */
  readonly args: ReadonlyMap<string, string | undefined>;
  /** Names of the images that it builds before or beside it, which are not pulled. */
  readonly built: readonly string[];
}

/** Normalizes a name as BuildKit compares it (dockerui: NamedContext). */
export function contextName(text: string): string {
  const parsed = parseReference(text);
  if (!parsed.ok) return text;
  const { fullName, tag, digest, effectiveTag } = parsed.reference;
  return tag === undefined && digest === undefined ? `${fullName}:${effectiveTag}` : fullName;
}

export interface ContextNames {
  /** Reports whether every build supplies a context with one of these names. */
  readonly byAll: (...names: readonly (string | undefined)[]) => boolean;
  /** Why no digest is correct for all builds: some builds supply a context with this name. */
  readonly bySome: (name: string) => string | undefined;
}

export function replacedIn(builds: readonly Build[]): ContextNames {
  const givers = new Map<string, Set<Build>>();
  for (const build of builds)
    for (const name of build.contexts.map(contextName)) givers.set(name, (givers.get(name) ?? new Set()).add(build));
  const giversOf = (name: string): ReadonlySet<Build> => givers.get(contextName(name)) ?? new Set();
  return {
    byAll: (...names) => {
      const given = new Set(names.flatMap((name) => (name === undefined ? [] : [...giversOf(name)])));
      return given.size > 0 && given.size === builds.length;
    },
    bySome: (name) => {
      const given = giversOf(name);
      const [first] = given;
      const other = builds.find((build) => !given.has(build));
      if (first === undefined || other === undefined) return undefined;
      return `it is a context in ${first.name} and an image in ${other.name}; name a stage, as in FROM ${name} AS NAME, and give the context the name of the stage`;
    },
  };
}

/** ARGs, each with a build that sets it, and with the value if all builds set the same one. */
export function setBy(builds: readonly Build[]): ReadonlyMap<string, GivenArgument> {
  return new Map(
    builds.toReversed().flatMap(({ name, args }) =>
      [...args].map(([arg, value]) => {
        const isSame = builds.every((build) => build.args.get(arg) === value);
        return [arg, { build: name, value: isSame ? value : undefined }] as const;
      }),
    ),
  );
}
