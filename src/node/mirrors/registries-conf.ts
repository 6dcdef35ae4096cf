/**
 * Mirrors for CRI-O and Podman: tables of registries.conf (containers-registries.conf(5)). The longest prefix counts; the mirrors
 * are tried in order, and `location` last.
 */
import { quoted } from './hosts-toml.ts';
import type { Move } from './moves.ts';

export const REGISTRIES_CONF = '/etc/containers/registries.conf.d/50-tidewaiter.conf';

export function registriesConf(moves: readonly Move[]): string {
  const tables = moves.map(({ prefix, sources }) => {
    const location = sources.at(-1) ?? prefix;
    const mirrors = sources.slice(0, -1).map((source) => `\n[[registry.mirror]]\nlocation = ${quoted(source)}\n`);
    return `[[registry]]\nprefix = ${quoted(prefix)}\nlocation = ${quoted(location)}\n${mirrors.join('')}`;
  });
  return tables.join('\n');
}
