/** One credential to try, from any source. Its values are functions, so that printing a credential does not show them. */
import { quoteValue } from '../image/quote.ts';

export interface Credential {
  /** For messages: `pull secret "regcred", key "registry.example.com" (user ci)`. */
  readonly label: string;
  /** True for a pull secret, whose name the author of the object knows. */
  readonly isOfSecret?: true;
  readonly secret: CredentialValue;
}

export type CredentialValue =
  | { readonly kind: 'basic'; readonly username: string; readonly password: () => string }
  /** Docker's `identitytoken`: exchanged at the realm for a bearer token. */
  | { readonly kind: 'identity-token'; readonly token: () => string }
  /** Docker's `registrytoken`: sent as it is. */
  | { readonly kind: 'registry-token'; readonly token: () => string };

/** Returns a simple user name as it is, and quotes any other. */
export function shownUser(username: string): string {
  return /^[\w.@+|$-]{1,100}$/.test(username) ? username : quoteValue(username, 100);
}
