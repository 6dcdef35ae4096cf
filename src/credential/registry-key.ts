/** Keys of credential files (`https://index.docker.io/v1/`, `*.example.com:5000/team`), parsed as in the kubelet's keyring. */
import { bytesOf } from '../go/bytes.ts';
import { compileFilepathGlob, isFilepathGlob } from '../go/filepath-glob.ts';
import type { ImageReference } from '../image/reference.ts';
import { type ParsedUrl, parseUrl } from '../go/url.ts';

/** Formats a key for messages, without a possible password. */
export function shownServer(server: string): string {
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(server)?.[0] ?? '';
  const rest = server.slice(scheme.length).replace(/[?#].*$/s, '?…');
  const at = server.lastIndexOf('@');
  if (at < 0) return `${scheme}${rest}`;
  return `${scheme}***${server.slice(at).replace(/[?#].*$/s, '?…')}`;
}

/**
 * Returns the host and path by which the keyring sorts and searches, as a byte string; `undefined` if the kubelet ignores the
 * entry. "/v1/" and "/v2/" select the whole registry, but only with the final "/".
 */
export function registryKey(server: string): string | undefined {
  const bytes = bytesOf(server);
  const parsed = parseUrl(`https://${bytes.replace(/^https?:\/\//, '')}`);
  if (parsed === undefined) return undefined;
  const path = /^\/v[12]\//.test(parsed.path) ? parsed.path.slice('/v1'.length) : parsed.path;
  return path === '/' ? parsed.host : `${parsed.host}${path}`;
}

/** The parts of a key or of an image's repository. */
export interface HostPath {
  /** Host and port in one string. */
  readonly host: string;
  readonly labels: readonly string[];
  readonly port: string;
  readonly path: string;
}

/** Returns `undefined` for a text that url.Parse rejects, which matches nothing. The kubelet also parses keys twice. */
export function parseHostPath(text: string): HostPath | undefined {
  const parsed = parseUrl(`https://${text}`);
  if (parsed === undefined) return undefined;
  const { name, port } = splitHostPort(parsed);
  return { host: `${port}/${name}`, labels: name.split('.'), port, path: parsed.path };
}

/**
 * Returns the parts of an image's repository. Parses only addresses in brackets as URLs: url.Parse returns all other
 * repositories as written.
 */
export function imageHostPath({ repository }: ImageReference): HostPath | undefined {
  const slash = repository.indexOf('/');
  const host = slash < 0 ? repository : repository.slice(0, slash);
  if (host.startsWith('[')) return parseHostPath(repository);
  const colon = host.indexOf(':');
  const name = colon < 0 ? host : host.slice(0, colon);
  const port = colon < 0 ? '' : host.slice(colon + 1);
  const path = slash < 0 ? '' : repository.slice(slash);
  return { host: `${port}/${name}`, labels: name.split('.'), port, path };
}

/** net.SplitHostPort; if that fails, the whole host is the name. */
function splitHostPort({ host }: ParsedUrl): { readonly name: string; readonly port: string } {
  const split = /^\[([^[\]]*)\]:([^:[\]]*)$/.exec(host) ?? /^([^:[\]]*):([^:[\]]*)$/.exec(host);
  const [, name = host, port = ''] = split ?? [];
  return { name, port };
}

/** Returns `undefined` if no label has a glob, so that hosts can be compared as strings. */
export function hostTest({ labels, port }: HostPath): ((image: HostPath) => boolean) | undefined {
  if (!labels.some(isFilepathGlob)) return undefined;
  const tests = labels.map(compileFilepathGlob);
  return (image) =>
    image.port === port &&
    image.labels.length === tests.length &&
    tests.every((test, index) => test(image.labels[index] ?? ''));
}

export const DOCKER_HUB_KEY = 'index.docker.io';

/** isDefaultRegistryMatch: by this rule "localhost/x" is also on Docker Hub. */
export function isOnDockerHub(repository: string): boolean {
  const slash = repository.indexOf('/');
  const first = slash < 0 ? repository : repository.slice(0, slash);
  if (first === '') return false;
  return slash < 0 || first === 'docker.io' || first === DOCKER_HUB_KEY || !/[.:]/.test(first);
}
