/** Classifies the errors of image pulls by the texts of containerd, CRI-O, Docker, and the kubelet. */

export type PullErrorKind =
  | 'invalidName'
  | 'neverPull'
  | 'signature'
  | 'platform'
  | 'disk'
  | 'throttled'
  | 'rateLimited'
  | 'unauthorized'
  | 'dns'
  | 'tls'
  | 'unreachable'
  | 'timeout'
  | 'serverError'
  | 'notFound'
  | 'other';

/** Reasons of a waiting container whose image is not there. */
const PULL_REASONS: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ImageInspectError',
  'ErrImageNeverPull',
  'InvalidImageName',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);

export function isPullReason(reason: string | undefined): boolean {
  return reason !== undefined && PULL_REASONS.has(reason);
}

const BY_REASON: ReadonlyMap<string, PullErrorKind> = new Map([
  ['InvalidImageName', 'invalidName'],
  ['ErrImageNeverPull', 'neverPull'],
  ['SignatureValidationFailed', 'signature'],
]);

/**
 * The first that matches counts: containerd ends many errors in "not found", and Docker Hub reports a missing repository and a
 * missing credential in one text. Network errors of token servers contain "failed to authorize".
 */
const BY_TEXT: readonly (readonly [PullErrorKind, RegExp])[] = [
  ['invalidName', /InvalidImageName|couldn't parse image (?:name|reference)|invalid reference format/i],
  ['signature', /SignatureValidationFailed|signature validation failed|Source image rejected/i],
  [
    'platform',
    /no match for platform|no matching manifest for|no image found in (?:image index|manifest list)|exec format error/i,
  ],
  ['disk', /no space left on device/i],
  ['throttled', /pull QPS exceeded/i],
  ['rateLimited', /toomanyrequests|429 Too Many Requests/i],
  ['dns', /no such host|server misbehaving|Temporary failure in name resolution/i],
  ['tls', /x509:|tls: |server gave HTTP response to HTTPS client/i],
  ['unreachable', /connection refused|no route to host|network is unreachable|connection reset|proxyconnect/i],
  ['timeout', /i\/o timeout|deadline exceeded|TLS handshake timeout|Client\.Timeout/i],
  ['serverError', /\b50[0234] |registry is unavailable|RegistryUnavailable/i],
  [
    'unauthorized',
    /unauthorized|authorization failed|no basic auth credentials|pull access denied|authentication required|insufficient_scope|requested access to the resource is denied|403 Forbidden|failed to authorize|failed to fetch (?:anonymous|oauth) token/i,
  ],
  ['notFound', /not found|manifest unknown|name unknown|repository .{0,300}does not exist/i],
];

/** Longer texts are the work of other clients. */
const MAX_TEXT = 4096;

export function pullErrorKind(reason: string | undefined, texts: readonly string[]): PullErrorKind {
  const known = BY_REASON.get(reason ?? '');
  if (known !== undefined) return known;
  const kinds = texts.map((text) => {
    const read = text.slice(0, MAX_TEXT);
    return BY_TEXT.find(([, pattern]) => pattern.test(read))?.[0];
  });
  return kinds.find((kind) => kind !== undefined) ?? 'other';
}
