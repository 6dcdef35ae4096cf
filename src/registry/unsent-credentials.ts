/** Explains why a credential was not sent, in which case the failure does not mean that it is invalid. */
import { parseChallenges } from './challenge.ts';
import type { RegistryEndpoint } from './endpoint.ts';
import type { HttpResponse } from './http-message.ts';

type ResponseHead = Pick<HttpResponse, 'status' | 'headers'>;

export function challengesIn({ headers }: Pick<HttpResponse, 'headers'>): readonly string[] {
  return headers.get('www-authenticate') ?? [];
}

/** `response`: to a request without a credential. `undefined`: there is no credential. */
export function whyUnsent({ credential }: RegistryEndpoint, response: ResponseHead): string | undefined {
  if (credential === undefined) return undefined;
  if (response.status !== 401) return 'the registry did not request it';
  const schemes = [...new Set(parseChallenges(challengesIn(response)).map(({ scheme }) => scheme))];
  if (schemes.length === 0) return 'the registry names no authentication scheme';
  if (schemes.includes('bearer')) return 'it is not a valid bearer token';
  if (schemes.includes('basic')) return 'it is a token, but the registry requires a user name and a password';
  return `the registry requires ${shown(schemes)}, and tidewaiter supports only Basic and Bearer`;
}

const MAX_SHOWN = 3;

/** Shortens the names, because a registry can send any text. */
function shown(schemes: readonly string[]): string {
  return schemes
    .slice(0, MAX_SHOWN)
    .map((scheme) => scheme.slice(0, 20))
    .join(', ');
}
