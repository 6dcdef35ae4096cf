/** Builds in Compose files (compose-spec, build): their Dockerfiles, arguments, and contexts. */
import { isObject, type JsonObject } from '../../../pod/pointer.ts';
import { interpolate } from './variables.ts';
import type { Build } from '../dockerfile/images.ts';
import { textAt } from '../traced-text.ts';

export interface ComposeBuild extends Omit<Build, 'name'> {
  readonly service: string;
  /** The value as written, with the defaults of variables; undefined: not set. */
  readonly context: string | undefined;
  readonly dockerfile: string | undefined;
}

/** Returns the builds whose Dockerfile is a file. */
export function composeBuilds({ services }: JsonObject): readonly ComposeBuild[] {
  if (!isObject(services)) return [];
  return Object.entries(services).flatMap(([service, value]): readonly ComposeBuild[] => {
    const written = isObject(value) ? value['build'] : undefined;
    const build = typeof written === 'string' ? { context: written } : written;
    if (!isObject(build) || typeof build['dockerfile_inline'] === 'string') return [];
    return [
      { service, context: filledIn(build['context']), dockerfile: filledIn(build['dockerfile']), ...givenTo(build) },
    ];
  });
}

function filledIn(value: unknown): string | undefined {
  return typeof value === 'string' ? interpolate(textAt(value)).text : undefined;
}

export function givenTo(build: JsonObject): Omit<Build, 'name'> {
  return { contexts: namesOf(build['additional_contexts']), args: namesOf(build['args']) };
}

/** Returns the names in a map, or in a list of `NAME=value`. */
function namesOf(map: unknown): readonly string[] {
  if (isObject(map)) return Object.keys(map);
  const entries: readonly unknown[] = Array.isArray(map) ? map : [];
  return entries.flatMap((one) => (typeof one === 'string' ? one.replace(/=.*/s, '') : []));
}
