/** Explains why an image of a live Pod was not pulled, from what the node reports and what the registry returns now. */
import type { CredentialsSummary, PullSecretsSummary } from '../admission/pod-summary.ts';
import { keyringOf } from '../credential/keyring.ts';
import { quoteValue } from '../image/quote.ts';
import type { ImageReference } from '../image/reference.ts';
import type { PullErrorKind } from '../pod/pull-error.ts';
import type { NamedSecret } from '../policy/fact.ts';
import { isCredentialRejected, type Platform, type RegistryFailure } from '../policy/registry-fact.ts';
import { platformsIn, platformText } from '../policy/rules/platforms.ts';
import { isName, SUBDOMAIN } from '../policy/name-language.ts';
import type { PullTrace } from '../lookup/trace.ts';

/** Names are stable, and are listed in docs/reports.md. */
export interface Diagnosis {
  readonly cause:
    | 'invalid-name'
    | 'never-pull'
    | 'signature'
    | 'disk-full'
    | 'throttled'
    | 'secret-malformed'
    | 'platform-missing'
    | 'image-missing'
    | 'credential-rejected'
    | 'secret-missing'
    | 'secret-ignored'
    | 'pod-older-than-secret'
    | 'no-credential'
    | 'rate-limited'
    | 'registry-failing'
    | 'node-network'
    | 'resolved';
  readonly message: string;
  readonly remedy: string;
}

export interface PullEvidence {
  readonly kind: PullErrorKind;
  readonly namespace: string;
  readonly reference: ImageReference | undefined;
  /** Of an image that no runtime can parse. */
  readonly problem: string | null;
  readonly credentials: CredentialsSummary;
  readonly secrets: PullSecretsSummary;
  /** The pull secrets that the ServiceAccount lists now, and the Pod does not. */
  readonly addedSecrets: readonly NamedSecret[];
  /** undefined: unknown. */
  readonly nodePlatform: Platform | undefined;
  /** undefined: no registry was queried. */
  readonly trace: PullTrace | undefined;
}

/** Returns undefined if the cause is not known. */
export function diagnose(evidence: PullEvidence): Diagnosis | undefined {
  return (
    onNode(evidence) ??
    malformedSecret(evidence) ??
    platformProblem(evidence) ??
    inRegistry(evidence) ??
    byError(evidence)
  );
}

/** Problems that no registry can explain. */
function onNode({ kind, problem, reference }: PullEvidence): Diagnosis | undefined {
  if (kind === 'invalidName' || reference === undefined) {
    const message =
      problem === null
        ? 'the container runtime cannot parse the image reference'
        : `the image reference is invalid: ${problem}`;
    return { cause: 'invalid-name', message, remedy: 'correct the image' };
  }
  return ON_NODE[kind];
}

const ON_NODE: Readonly<Partial<Record<PullErrorKind, Diagnosis>>> = {
  neverPull: {
    cause: 'never-pull',
    message: 'imagePullPolicy is Never, and the node does not have the image, or the Pod has no credential for it',
    remedy: 'set imagePullPolicy: IfNotPresent, or load the image onto the node',
  },
  signature: {
    cause: 'signature',
    message: "the signature policy of the node's container runtime rejects the image",
    remedy: 'sign the image, or change the policy on the node',
  },
  disk: {
    cause: 'disk-full',
    message: 'the disk of the node is full',
    remedy: 'free space on the node, or raise its image garbage collection thresholds',
  },
  throttled: {
    cause: 'throttled',
    message: 'the kubelet limits the number of pulls on this node (registryPullQPS)',
    remedy: 'wait; the kubelet retries',
  },
};

function malformedSecret({ secrets: { secrets } }: PullEvidence): Diagnosis | undefined {
  const malformed = secrets.find(({ state }) => state === 'malformed');
  if (malformed === undefined) return undefined;
  return {
    cause: 'secret-malformed',
    message: `pull secret ${quoteValue(malformed.name)} is malformed, so the kubelet pulls no images for the Pod: ${malformed.reason ?? ''}`,
    remedy: CREATE_AGAIN,
  };
}

const CREATE_AGAIN = 'create the Secret again with kubectl create secret docker-registry';

function platformProblem({ kind, nodePlatform, trace }: PullEvidence): Diagnosis | undefined {
  const platforms = trace?.details?.state === 'yes' ? trace.details.value.platforms : [];
  const isMissing = platforms.length > 0 && nodePlatform !== undefined && !platformsIn(platforms)(nodePlatform);
  if (kind !== 'platform' && !isMissing) return undefined;
  const node = nodePlatform === undefined ? "the node's platform" : platformText(nodePlatform);
  const available =
    platforms.length === 0 ? '' : `; it is built for ${platforms.slice(0, 8).map(platformText).join(', ')}`;
  return {
    cause: 'platform-missing',
    message: `the image is not built for ${node}${available}`,
    remedy: `build the image for ${node}, or select other nodes with nodeSelector kubernetes.io/arch`,
  };
}

function inRegistry(evidence: PullEvidence): Diagnosis | undefined {
  const { trace, kind } = evidence;
  if (trace === undefined) return undefined;
  const { image } = trace;
  if (image.state === 'yes')
    return NODE_ONLY.has(kind) ? nodeNetwork(evidence) : pullable(evidence, image.value.credential);
  const { failure } = image;
  if (image.state === 'no') return IMAGE_MISSING;
  // A node can have credentials of its own, so a node that reports something else got past this.
  if (isCredentialRejected(failure)) return byError(evidence) ?? credentialProblem(evidence);
  if (failure.cause === 'rateLimited') return rateLimited(failure.message);
  return failing(evidence, failure);
}

const NODE_ONLY: ReadonlySet<PullErrorKind> = new Set(['dns', 'tls', 'unreachable', 'timeout']);
const UNREACHABLE: ReadonlySet<RegistryFailure['cause']> = new Set(['timeout', 'dns', 'tls', 'unreachable']);

/** This machine can be the only one that does not reach the registry, so what the node reports counts first. */
function failing(evidence: PullEvidence, { cause, message, remedy }: RegistryFailure): Diagnosis | undefined {
  const { kind } = evidence;
  const isFailing = cause === 'serverError' || (UNREACHABLE.has(cause) && NODE_ONLY.has(kind));
  const fromNode = byError(evidence);
  if (!isFailing || (fromNode !== undefined && fromNode.cause !== 'registry-failing')) return fromNode;
  return {
    cause: 'registry-failing',
    message,
    remedy: remedy ?? 'wait until the registry responds; the kubelet retries',
  };
}

const IMAGE_MISSING: Diagnosis = {
  cause: 'image-missing',
  message: 'the registry does not have the image',
  remedy: 'push the image, or correct its name and tag',
};

function rateLimited(message: string): Diagnosis {
  return { cause: 'rate-limited', message, remedy: 'wait, or pull with a credential that has a higher limit' };
}

function nodeNetwork({ reference }: PullEvidence): Diagnosis {
  return {
    cause: 'node-network',
    message: `${reference?.domain ?? 'the registry'} responds to this machine, but not to the node`,
    remedy: "check the node's DNS, proxy, firewall, and CA certificates",
  };
}

function pullable({ kind }: PullEvidence, credential: string): Diagnosis | undefined {
  if (kind === 'rateLimited') return rateLimited('the registry limits the pulls of this credential or of the node');
  return {
    cause: 'resolved',
    message: `the image can be pulled now (${credential}), so the cause may be gone`,
    remedy: 'wait for the next attempt, at most 5 minutes, or delete the Pod so that its controller creates it again',
  };
}

/** Without a registry, only the error of the node is known. */
function byError(evidence: PullEvidence): Diagnosis | undefined {
  const { kind } = evidence;
  if (kind === 'unauthorized') return credentialProblem(evidence);
  if (kind === 'notFound') return IMAGE_MISSING;
  if (kind === 'rateLimited') return rateLimited('the registry limits the pulls of this credential or of the node');
  if (kind !== 'serverError' && !NODE_ONLY.has(kind)) return undefined;
  return {
    cause: 'registry-failing',
    message: 'the node cannot get a response from the registry',
    remedy: "check whether the registry is up, and the node's DNS, proxy, firewall, and CA certificates",
  };
}

function credentialProblem(evidence: PullEvidence): Diagnosis {
  const { credentials, secrets, namespace } = evidence;
  const [candidate] = credentials.candidates;
  const absent = secrets.secrets.find(({ state }) => state === 'absent');
  if (candidate !== undefined) {
    return {
      cause: 'credential-rejected',
      message: `the registry rejects ${userText(candidate.username)} of pull secret ${quoteValue(candidate.secret)}${absent === undefined ? '' : `, and pull secret ${quoteValue(absent.name)} does not exist`}`,
      remedy: `update Secret ${quoteValue(candidate.secret)} in namespace ${quoteValue(namespace)}, or give its account pull access`,
    };
  }
  if (absent === undefined) return olderPod(evidence) ?? ignoredSecret(evidence) ?? noCredential(evidence);
  return {
    cause: 'secret-missing',
    message: `pull secret ${quoteValue(absent.name)} does not exist in namespace ${quoteValue(namespace)}`,
    remedy: createCommand(absent.name, evidence),
  };
}

/** For example a Secret of type Opaque: the kubelet gets it, and skips it. */
function ignoredSecret({ secrets: { secrets } }: PullEvidence): Diagnosis | undefined {
  const ignored = secrets.find(({ state }) => state === 'ignored');
  if (ignored === undefined) return undefined;
  return {
    cause: 'secret-ignored',
    message: `the kubelet ignores pull secret ${quoteValue(ignored.name)}, because it ${ignored.reason ?? ''}`,
    remedy: CREATE_AGAIN,
  };
}

/** The API server allows any text as the name of a pull secret, and users paste commands into a shell. */
function createCommand(name: string, { namespace, reference }: PullEvidence): string {
  if (!isName(name, SUBDOMAIN)) return 'correct the name in imagePullSecrets';
  const host = reference?.domain ?? '';
  const server = host === 'docker.io' ? '' : ` --docker-server=${host}`;
  return `kubectl create secret docker-registry ${name} -n ${namespace}${server} --docker-username=USER --docker-password=PASSWORD`;
}

function userText(username: string): string {
  return username === '' ? 'the credential' : `user ${quoteValue(username)}`;
}

/** The ServiceAccount admission plugin copies pull secrets only into new Pods without a list of their own. */
function olderPod({ secrets, addedSecrets, reference }: PullEvidence): Diagnosis | undefined {
  const added = addedSecrets.find(({ secret }) => matches(secret, reference));
  if (added === undefined || secrets.from === 'node') return undefined;
  const shown = quoteValue(added.name);
  const recreate = 'delete the Pod so that its controller creates it again';
  return {
    cause: 'pod-older-than-secret',
    message: `ServiceAccount ${quoteValue(secrets.serviceAccount)} lists pull secret ${shown}, which matches the image, but the Pod does not`,
    remedy:
      secrets.secrets.length === 0 ? recreate : `${recreate}; if its template has imagePullSecrets, add ${shown} there`,
  };
}

function matches(secret: NamedSecret['secret'], reference: ImageReference | undefined): boolean {
  if (secret.state !== 'yes' || reference === undefined) return false;
  const keyring = keyringOf([secret.value]);
  return keyring.ok && keyring.candidatesFor(reference).length > 0;
}

function noCredential(evidence: PullEvidence): Diagnosis {
  const host = hostOf(evidence);
  const has =
    evidence.secrets.secrets.length > 0
      ? `no pull secret of the Pod has an entry for ${host}`
      : 'the Pod has no pull secret';
  return {
    cause: 'no-credential',
    message: `${has}, and the registry rejects anonymous pulls`,
    remedy: `create a pull secret for ${host}, and add it to imagePullSecrets of the Pod template or of ServiceAccount ${quoteValue(evidence.secrets.serviceAccount)}`,
  };
}

function hostOf({ reference }: PullEvidence): string {
  return reference?.domain ?? 'REGISTRY';
}
