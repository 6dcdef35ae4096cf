/** Why a credential that was there has not been sent: then nobody has judged it, and it is not to blame. */
import { parseChallenges } from './challenge.ts';
import type { RegistryEndpoint } from './endpoint.ts';
import type { HttpResponse } from './http-message.ts';

type Answered = Pick<HttpResponse, 'status' | 'headers'>;

export function challengesIn({ headers }: Pick<HttpResponse, 'headers'>): readonly string[] {
  return headers.get('www-authenticate') ?? [];
}

/** Of an answer to a request without one; `undefined` when there was none to send. */
export function whyUnsent({ credential }: RegistryEndpoint, answer: Answered): string | undefined {
  if (credential === undefined) return undefined;
  if (answer.status !== 401) return 'the registry did not request it';
  const schemes = [...new Set(parseChallenges(challengesIn(answer)).map(({ scheme }) => scheme))];
  if (schemes.length === 0) return 'the registry names no authentication scheme';
  if (schemes.includes('bearer')) return 'it is not a valid bearer token';
  if (schemes.includes('basic')) return 'it is a token, but the registry requires a user name and a password';
  return `the registry requires ${shown(schemes)}, and tidewaiter supports only Basic and Bearer`;
}

const MAX_SHOWN = 3;

/** A stranger's words. */
function shown(schemes: readonly string[]): string {
  return schemes
    .slice(0, MAX_SHOWN)
    .map((scheme) => scheme.slice(0, 20))
    .join(', ');
}
