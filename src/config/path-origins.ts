/** The settings that contain paths: flags, variables, and keys of tidewaiter.yaml. */
import type { OriginOf } from '../error/path-origin.ts';
import { ROWS } from './keys.ts';
import type { Value } from './values.ts';

/** Looks up paths in the effective values; if several settings contain a path, the first one in the table of keys counts. */
export function pathOrigins(values: ReadonlyMap<string, Value>): OriginOf {
  const origins = new Map<string, string>();
  for (const [key, { value, from }] of values) {
    const names: ReadonlySet<string> = new Set(ROWS.get(key)?.paths);
    if (names.size === 0 || from === 'default') continue;
    const isFile = /:\d+$/.test(from);
    for (const [setting, file] of pathsIn(key, value, { names, setting: key })) {
      const origin = ` (set by ${isFile ? `${setting} in ${from}` : from})`;
      if (!origins.has(file)) origins.set(file, origin);
    }
  }
  return (file) => origins.get(file) ?? '';
}

interface Member {
  readonly names: ReadonlySet<string>;
  readonly setting: string;
}

/** Lists each path with its setting, for example `nodeCredentials.providers.config`. */
function pathsIn(name: string, value: unknown, { names, setting }: Member): readonly (readonly [string, string])[] {
  if (typeof value === 'string') return names.has(name) ? [[setting, value]] : [];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => pathsIn(name, item, { names, setting }));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([member, each]) =>
    pathsIn(member, each, { names, setting: `${setting}.${member}` }),
  );
}
