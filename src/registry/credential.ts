/** One credential to try, wherever it is from. Its values are behind functions, so that nothing that prints it shows them. */
import { quoteValue } from '../image/quote.ts';

export interface Credential {
  /** For people: `pull secret "regcred", key "registry.example.com" (user ci)`. */
  readonly label: string;
  /** It is from a pull secret, which the author of the object knows. */
  readonly isOfSecret?: true;
  readonly secret: CredentialValue;
}

export type CredentialValue =
  | { readonly kind: 'basic'; readonly username: string; readonly password: () => string }
  /** Docker's `identitytoken`: exchanged at the realm for a bearer token. */
  | { readonly kind: 'identity-token'; readonly token: () => string }
  /** Docker's `registrytoken`: sent as it is. */
  | { readonly kind: 'registry-token'; readonly token: () => string };

/** As it is where it is plain. */
export function shownUser(username: string): string {
  return /^[\w.@+|$-]{1,100}$/.test(username) ? username : quoteValue(username, 100);
}
