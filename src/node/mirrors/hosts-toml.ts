/**
 * Mirrors for containerd: a file hosts.toml for each registry (containerd, docs/hosts.md). containerd tries each `host` in order
 * and `server` last.
 */
import type { Move, NamePrefix } from './moves.ts';

/** A file; `path` is relative to the directory of the runtime's configuration. */
export interface NodeFile {
  readonly path: string;
  readonly text: string;
}

export const CONTAINERD_DIRECTORY = '/etc/containerd/certs.d';

/** The files are in `config_path` of containerd. Call it only with moves that `isWholeRegistry`. */
export function hostsToml(moves: readonly Move[]): readonly NodeFile[] {
  return moves.map(({ prefix, sources }) => {
    const hosts = sources
      .slice(0, -1)
      .map((source) => `[host.${quoted(urlOf(source))}]\n${indented(settingsOf(source))}`);
    const last = sources.at(-1) ?? prefix;
    const server = [`server = ${quoted(urlOf(last))}`, ...settingsOf(last)].join('\n');
    return { path: `${prefix}/hosts.toml`, text: `${[server, ...hosts].join('\n\n')}\n` };
  });
}

/** containerd selects by registry, not by path. */
export function isWholeRegistry({ prefix }: Move): boolean {
  return !prefix.includes('/');
}

function settingsOf(source: NamePrefix): readonly string[] {
  const capabilities = 'capabilities = ["pull", "resolve"]';
  return source.includes('/') ? [capabilities, 'override_path = true'] : [capabilities];
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n');
}

/** With a path, the URL has to contain the version of the API, too. */
function urlOf(source: NamePrefix): string {
  const [registry = '', ...path] = source.split('/');
  // Docker Hub has its API at another host than its name.
  const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
  return `https://${[host, ...(path.length === 0 ? [] : ['v2', ...path])].join('/')}`;
}

/** A basic string of TOML. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
