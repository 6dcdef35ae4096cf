/** Builds in Compose files (compose-spec, build): their Dockerfiles, arguments, and contexts. */
import { isObject, type JsonObject } from '../../../pod/pointer.ts';
import type { Environment } from './environment.ts';
import { interpolate, UNKNOWN, type Values } from './variables.ts';
import type { Build } from '../dockerfile/builds.ts';
import { textAt, untraced } from '../traced-text.ts';

export interface ComposeBuild extends Omit<Build, 'name'> {
  readonly service: string;
  /** With the values and defaults of variables; undefined: not set. */
  readonly context: string | undefined;
  readonly dockerfile: string | undefined;
}

/** Returns the builds whose Dockerfile is a file. */
export function composeBuilds({ services }: JsonObject, { values }: Environment): readonly ComposeBuild[] {
  const filledIn = (value: unknown): string | undefined =>
    typeof value === 'string' ? interpolate(textAt(value), values).text : undefined;
  if (!isObject(services)) return [];
  return Object.entries(services).flatMap(([service, value]): readonly ComposeBuild[] => {
    const written = isObject(value) ? value['build'] : undefined;
    const build = typeof written === 'string' ? { context: written } : written;
    if (!isObject(build) || typeof build['dockerfile_inline'] === 'string') return [];
    return [
      {
        service,
        context: filledIn(build['context']),
        dockerfile: filledIn(build['dockerfile']),
        ...givenTo(build, values),
        built: builtIn(services, filledIn),
      },
    ];
  });
}

export function givenTo(build: JsonObject, values: Values): Pick<Build, 'contexts' | 'args'> {
  return { contexts: namesOf(build['additional_contexts']), args: argumentsOf(build['args'], values) };
}

/** The names of the images that the services of a file build. */
function builtIn(services: JsonObject, filledIn: (value: unknown) => string | undefined): readonly string[] {
  return Object.values(services).flatMap((service) =>
    isObject(service) && isObject(service['build']) ? (filledIn(service['image']) ?? []) : [],
  );
}

/** A name without a value has that of the environment. */
function argumentsOf(args: unknown, values: Values): Build['args'] {
  const known = (value: unknown): string | undefined => {
    if (typeof value !== 'string') return typeof value === 'number' ? String(value) : undefined;
    const { text } = interpolate(untraced(value), values);
    return text.includes(UNKNOWN) ? undefined : text;
  };
  const named = (name: string): string | undefined => known(values.get(name));
  if (isObject(args))
    return new Map(Object.entries(args).map(([name, value]) => [name, value === null ? named(name) : known(value)]));
  const entries = (Array.isArray(args) ? (args as readonly unknown[]) : []).filter((one) => typeof one === 'string');
  return new Map(
    entries.map((entry) => {
      const equals = entry.indexOf('=');
      return equals === -1 ? [entry, named(entry)] : [entry.slice(0, equals), known(entry.slice(equals + 1))];
    }),
  );
}

/** Returns the names in a map, or in a list of `NAME=value`. */
function namesOf(map: unknown): readonly string[] {
  if (isObject(map)) return Object.keys(map);
  const entries: readonly unknown[] = Array.isArray(map) ? map : [];
  return entries.flatMap((one) => (typeof one === 'string' ? one.replace(/=.*/s, '') : []));
}
