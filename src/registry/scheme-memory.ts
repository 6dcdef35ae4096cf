/** What a repository asked for, and what its neighbours will likely ask for: saves a question that can only be answered with 401. */
import { LRUCache } from 'lru-cache';
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
}

const MAX_REPOSITORIES = 2000;

export function createMemory(): SchemeMemory {
  const schemes = new LRUCache<string, Scheme>({ max: MAX_REPOSITORIES });
  const ownKey = ({ base, repository }: Site): string => `${base.origin}/${repository}`;
  return {
    recall(site) {
      const own = schemes.get(ownKey(site));
      if (own !== undefined) return own;
      const neighbour = schemes.get(site.base.origin);
      if (neighbour?.kind !== 'bearer' || neighbour.realm === undefined) return neighbour;
      return { kind: 'bearer', realm: { ...neighbour.realm, scopes: [usualScope(site)] } };
    },
    remember(site, scheme) {
      schemes.set(ownKey(site), scheme);
      if (canBeForeseen(scheme, site)) schemes.set(site.base.origin, scheme);
    },
  };
}

/** The same realm for all, and a scope that follows from the name. */
function canBeForeseen(scheme: Scheme, site: Site): boolean {
  if (scheme.kind === 'basic') return true;
  const { scopes } = scheme.realm ?? { scopes: [] };
  return scopes.length === 1 && scopes[0] === usualScope(site);
}
