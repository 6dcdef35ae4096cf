/** What a repository asked for, and what its neighbours will likely ask for: saves a question that can only be answered with 401. */
import { boundedCache } from './bounded-cache.ts';
import { usualScope } from './realm.ts';
import type { Site } from './site.ts';
import type { Realm } from './token-cache.ts';

export type Scheme =
  | { readonly kind: 'basic' }
  /** No realm: the credential is a token already. */
  | { readonly kind: 'bearer'; readonly realm: Realm | undefined };

export interface SchemeMemory {
  recall(site: Site): Scheme | undefined;
  remember(site: Site, scheme: Scheme): void;
  forget(site: Site): void;
}

const MAX_REPOSITORIES = 2000;
/** What is remembered here does not grow old. */
const NO_CLOCK = (): number => 0;

export function createMemory(): SchemeMemory {
  const schemes = boundedCache<Scheme>(MAX_REPOSITORIES, NO_CLOCK, weightOf);
  const ownKey = ({ base, repository }: Site): string => `${base.origin}/${repository}`;
  return {
    recall(site) {
      const own = schemes.get(ownKey(site));
      if (own !== undefined) return own;
      const neighbour = schemes.get(site.base.origin);
      if (neighbour?.kind !== 'bearer' || neighbour.realm === undefined) return neighbour;
      return { kind: 'bearer', realm: { ...neighbour.realm, scopes: [usualScope(site)] } };
    },
    forget(site) {
      schemes.delete(ownKey(site));
      schemes.delete(site.base.origin);
    },
    remember(site, scheme) {
      schemes.set(ownKey(site), scheme, Number.POSITIVE_INFINITY, site.tenant);
      if (canBeForeseen(scheme, site)) schemes.set(site.base.origin, scheme, Number.POSITIVE_INFINITY, site.tenant);
    },
  };
}

/** A header has room for 16 KiB. */
const USUAL_LENGTH = 512;

function weightOf(scheme: Scheme): number {
  if (scheme.kind === 'basic' || scheme.realm === undefined) return 1;
  const { url, service = '', scopes } = scheme.realm;
  const length = url.href.length + service.length + scopes.join(' ').length;
  return 1 + Math.floor(length / USUAL_LENGTH);
}

/** The same realm for all, and a scope that follows from the name. */
function canBeForeseen(scheme: Scheme, site: Site): boolean {
  if (scheme.kind === 'basic') return true;
  const { scopes } = scheme.realm ?? { scopes: [] };
  return scopes.length === 1 && scopes[0] === usualScope(site);
}
