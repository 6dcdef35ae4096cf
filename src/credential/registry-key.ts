/** The keys of a credential file (`https://index.docker.io/v1/`, `*.example.com:5000/team`), as the kubelet's keyring has them. */
import { bytesOf } from '../go/bytes.ts';
import { compileFilepathGlob, isFilepathGlob } from '../go/filepath-glob.ts';
import type { ImageReference } from '../image/reference.ts';
import { type ParsedUrl, parseUrl } from '../go/url.ts';

/** How a key is shown: what may be a password in it is not. */
export function shownServer(server: string): string {
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(server)?.[0] ?? '';
  const place = server.slice(scheme.length).replace(/[?#].*$/s, '?…');
  const at = server.lastIndexOf('@');
  if (at < 0) return `${scheme}${place}`;
  return `${scheme}***${server.slice(at).replace(/[?#].*$/s, '?…')}`;
}

/**
 * Host and path, as a byte string: what the keyring sorts and finds by. `undefined` when the kubelet ignores the entry.
 * "/v1/" and "/v2/" mean the whole registry, but only with their final "/".
 */
export function registryKey(server: string): string | undefined {
  const bytes = bytesOf(server);
  const parsed = parseUrl(`https://${bytes.replace(/^https?:\/\//, '')}`);
  if (parsed === undefined) return undefined;
  const path = /^\/v[12]\//.test(parsed.path) ? parsed.path.slice('/v1'.length) : parsed.path;
  return path === '/' ? parsed.host : `${parsed.host}${path}`;
}

/** A key, or the repository of an image, taken apart for comparison. */
export interface HostPath {
  /** Host and port, as one text to find by. */
  readonly host: string;
  readonly labels: readonly string[];
  readonly port: string;
  readonly path: string;
}

/** `undefined` where url.Parse refuses it: then it matches nothing. A key is parsed again, as in the kubelet. */
export function parseHostPath(text: string): HostPath | undefined {
  const parsed = parseUrl(`https://${text}`);
  if (parsed === undefined) return undefined;
  const { name, port } = splitHostPort(parsed);
  return { host: `${port}/${name}`, labels: name.split('.'), port, path: parsed.path };
}

/**
 * The place of an image. Without an address in brackets, url.Parse takes every reference as it is written, so it need not be
 * parsed as a URL.
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

/** Go's net.SplitHostPort; where that is an error, all of it is the name. */
function splitHostPort({ host }: ParsedUrl): { readonly name: string; readonly port: string } {
  const split = /^\[([^[\]]*)\]:([^:[\]]*)$/.exec(host) ?? /^([^:[\]]*):([^:[\]]*)$/.exec(host);
  const [, name = host, port = ''] = split ?? [];
  return { name, port };
}

/** `undefined` when no label has a glob, so that hosts are just compared. */
export function hostTest({ labels, port }: HostPath): ((image: HostPath) => boolean) | undefined {
  if (!labels.some(isFilepathGlob)) return undefined;
  const tests = labels.map(compileFilepathGlob);
  return (image) =>
    image.port === port &&
    image.labels.length === tests.length &&
    tests.every((test, index) => test(image.labels[index] ?? ''));
}

export const DOCKER_HUB_KEY = 'index.docker.io';

/** isDefaultRegistryMatch: by this rule "localhost/x" is on Docker Hub too. */
export function isOnDockerHub(repository: string): boolean {
  const slash = repository.indexOf('/');
  const first = slash < 0 ? repository : repository.slice(0, slash);
  if (first === '') return false;
  return slash < 0 || first === 'docker.io' || first === DOCKER_HUB_KEY || !/[.:]/.test(first);
}
