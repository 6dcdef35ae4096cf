/** The CAs and the serving certificate that replicas share, as entries of one Secret. */
import type { KeyObject, X509Certificate } from 'node:crypto';
import { parseCertificate, readKey } from './certificate.ts';
import type { Authority } from './sign.ts';
import { pemCertificates } from '../go/pem.ts';

/** Differs from the CAs of the documentation, which belong to the user. */
export const MANAGED_CA = 'tidewaiter self-managed CA';

export interface ManagedAuthority extends Authority {
  readonly certificate: X509Certificate;
}

export interface ManagedLeaf {
  readonly certificate: X509Certificate;
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

export interface ManagedState {
  /** Signs the leaf. */
  readonly current: ManagedAuthority;
  /** Signs the next leaf, after all API servers trust it. */
  readonly next: ManagedAuthority | undefined;
  /** CAs whose keys were deleted, and whose leaves may still be in use. */
  readonly previous: readonly X509Certificate[];
  /** Unix time in milliseconds: no leaf of a previous CA is valid later. */
  readonly previousUntilMs: number;
  /** undefined: it must be signed. */
  readonly leaf: ManagedLeaf | undefined;
}

/** The entries of the Secret. `ca.crt` has all CAs to trust; `ca.key` and `ca-next.key` tell which are the current and the next. */
export type ManagedEntries = Readonly<Record<string, string>>;

const KEYS = {
  authorities: 'ca.crt',
  currentKey: 'ca.key',
  nextKey: 'ca-next.key',
  previousUntil: 'ca-previous-until',
  cert: 'tls.crt',
  key: 'tls.key',
} as const;

export const MANAGED_KEYS: readonly string[] = Object.values(KEYS);

/** `lost`: a current CA cannot be read; its `authorities` are the certificates that can. `foreign`: the user's certificate. */
export type ReadState =
  | { readonly state: 'good'; readonly value: ManagedState }
  | { readonly state: 'lost'; readonly isEmpty: boolean; readonly authorities: readonly X509Certificate[] }
  | { readonly state: 'foreign' };

export function readManagedState(entries: ManagedEntries): ReadState {
  const text = (key: keyof typeof KEYS): string => entries[KEYS[key]] ?? '';
  const authorities = certificatesIn(text('authorities'));
  const current = authorityOf(authorities, text('currentKey'));
  if (current === undefined) {
    if (isForeign(certificatesIn(text('cert'))[0])) return { state: 'foreign' };
    return { state: 'lost', isEmpty: MANAGED_KEYS.every((key) => (entries[key] ?? '') === ''), authorities };
  }
  const next = authorityOf(authorities, text('nextKey'));
  const previous = authorities.filter((one) => one !== current.certificate && one !== next?.certificate);
  const until = Date.parse(text('previousUntil'));
  return {
    state: 'good',
    value: {
      current,
      next,
      previous,
      // Without the entry, a previous CA stays until its own end.
      previousUntilMs: Number.isNaN(until) ? Number.POSITIVE_INFINITY : until,
      leaf: leafOf(text('cert'), text('key'), authorities),
    },
  };
}

export function formatManagedState({ current, next, previous, previousUntilMs, leaf }: ManagedState): ManagedEntries {
  return {
    [KEYS.authorities]: bundleOf({ current, next, previous }),
    [KEYS.currentKey]: pemOf(current.key),
    [KEYS.nextKey]: next === undefined ? '' : pemOf(next.key),
    [KEYS.previousUntil]: Number.isFinite(previousUntilMs) ? new Date(previousUntilMs).toISOString() : '',
    [KEYS.cert]: leaf?.cert ?? '',
    [KEYS.key]: leaf?.key ?? '',
  };
}

/** Returns the oldest first, so that the order stays when the next CA becomes the current one. */
export function authoritiesOf({
  current,
  next,
  previous,
}: Pick<ManagedState, 'current' | 'next' | 'previous'>): readonly X509Certificate[] {
  const all = [current.certificate, ...previous, ...(next === undefined ? [] : [next.certificate])];
  return all.sort(
    (one, other) =>
      one.validFromDate.getTime() - other.validFromDate.getTime() ||
      one.fingerprint256.localeCompare(other.fingerprint256),
  );
}

/** Returns the CAs to trust as PEM. Each was parsed, so the result is always valid. */
export function bundleOf(state: Pick<ManagedState, 'current' | 'next' | 'previous'>): string {
  return authoritiesOf(state)
    .map((certificate) => certificate.toString())
    .join('');
}

/** Returns the certificates that can be parsed, each once. */
export function certificatesIn(text: string): readonly X509Certificate[] {
  const blocks = pemCertificates(text);
  const found = new Map<string, X509Certificate>();
  for (const block of blocks) {
    const certificate = parseCertificate(block);
    if (certificate !== undefined && !found.has(certificate.fingerprint256)) {
      found.set(certificate.fingerprint256, certificate);
    }
  }
  return [...found.values()];
}

/** Reports whether a client that trusts the CAs accepts the certificate. Names and dates of the leaf are not checked. */
export function isTrusted(leaf: X509Certificate, authorities: readonly X509Certificate[], nowMs: number): boolean {
  return authorities.some((ca) => isSignedBy(leaf, ca) && ca.validToDate.getTime() > nowMs);
}

export function isSignedBy(leaf: X509Certificate, ca: X509Certificate): boolean {
  return leaf.checkIssued(ca) && leaf.verify(ca.publicKey);
}

function authorityOf(certificates: readonly X509Certificate[], pem: string): ManagedAuthority | undefined {
  const key = readKey(pem);
  if (typeof key === 'string' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return undefined;
  const certificate = certificates.find((one) => one.ca && one.checkPrivateKey(key));
  return certificate && { certificate, cert: certificate.toString(), key };
}

function leafOf(cert: string, key: string, authorities: readonly X509Certificate[]): ManagedLeaf | undefined {
  const [certificate] = certificatesIn(cert);
  const privateKey = readKey(key);
  if (certificate === undefined || typeof privateKey === 'string' || !certificate.checkPrivateKey(privateKey)) {
    return undefined;
  }
  return authorities.some((ca) => isSignedBy(certificate, ca)) ? { certificate, cert, key } : undefined;
}

/** A certificate of another CA without its key is from cert-manager or from the user, and stays. */
function isForeign(leaf: X509Certificate | undefined): boolean {
  return leaf !== undefined && leaf.issuer !== `CN=${MANAGED_CA}`;
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
