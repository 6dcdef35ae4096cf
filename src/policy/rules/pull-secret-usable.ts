import { type Entry, hasUser } from '../../credential/docker-config.ts';
import { PULL_SECRET_KEYS, type PullSecret } from '../../credential/pull-secret.ts';
import { shownServer } from '../../credential/registry-key.ts';
import { quoteValue } from '../../image/quote.ts';
import type { NamedSecret } from '../fact.ts';
import { defineRule, type Problem, type Subject } from '../rule.ts';
import { shortList } from './images.ts';
import { doubtAbout, MAKE_ONE, podsOf, type PodSecrets, secretLabel, secretPointers } from './pull-secrets.ts';
import type { ProblemText } from './registry-facts.ts';

/** Checks each pull secret once, even if several pods of the object use it. */
export const pullSecretUsable = defineRule({
  name: 'pull-secret-usable',
  description: 'Pull secrets exist and contain credentials that the kubelet can parse',
  docs: {
    why: 'The kubelet silently ignores a pull secret that is missing or has another type, and one malformed entry stops it from pulling any image for the Pod, including public images.',
    remedy:
      'Create the Secret with "kubectl create secret docker-registry", which sets the type, key, and file that the kubelet reads.',
    example: {
      parameters: {},
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  imagePullSecrets: [{name: regcred}]
  containers:
    - name: web
      image: registry.example.com/shop/web:7
---
apiVersion: v1
kind: Secret
metadata: {name: regcred}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"registry.example.com": {"username": "ci", "password": "example"}}}
`,
      fail: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  imagePullSecrets: [{name: regcred}]
  containers:
    - name: web
      image: registry.example.com/shop/web:7
---
apiVersion: v1
kind: Secret
metadata: {name: regcred}
stringData:
  config.json: |
    {"auths": {"registry.example.com": {"username": "ci", "password": "example"}}}
`,
    },
  },
  parameters: { type: 'object', additionalProperties: false, properties: {} },
  needs: ['pullSecrets'],
  prepare: () => ({ ok: true, value: undefined }),
  check(subject) {
    const reported = new Set<string>();
    return podsOf(subject).flatMap((pod) => checkPod(pod, subject, reported));
  },
});

function checkPod(pod: PodSecrets, subject: Subject, reported: Set<string>): readonly Problem[] {
  const { secrets } = pod.pullSecrets;
  const isNew = (what: string): boolean => !reported.has(what) && reported.add(what).has(what);
  const doubt = doubtAbout(pod.pullSecrets);
  if (doubt !== undefined || secrets.state !== 'yes') {
    const message = `cannot determine which pull secrets the Pod has: ${doubt?.reason}`;
    if (!isNew(message)) return [];
    const { causedBy } = doubt ?? {};
    return [
      { state: 'unknown', causedBy, container: undefined, pointer: `${pod.pod.pointer}/serviceAccountName`, message },
    ];
  }
  const pointerTo = secretPointers(pod);
  return secrets.value
    .filter(({ name }) => isNew(`secret ${name}`))
    .flatMap((named) =>
      checkNamed(named, subject).map((problem) => ({
        ...problem,
        container: undefined,
        pointer: pointerTo(named.name),
      })),
    );
}

function checkNamed({ name, secret }: NamedSecret, { namespace }: Subject): readonly ProblemText[] {
  if (secret.state === 'unknown') {
    const message = `cannot determine whether ${secretLabel(name)} can be used: ${secret.reason}`;
    return [{ state: 'unknown', causedBy: secret.causedBy, message }];
  }
  if (secret.state === 'yes') return checkSecret(secret.value);
  const where = namespace === undefined ? '' : ` in namespace ${quoteValue(namespace)}`;
  const remedy = 'create the Secret first; the kubelet ignores missing pull secrets';
  return [{ state: 'violation', message: `${secretLabel(name)} does not exist${where}`, remedy }];
}

function checkSecret(secret: PullSecret): readonly ProblemText[] {
  const contents = secret.contents();
  if (contents.state === 'other-type') {
    const message = `${secretLabel(secret.name)} has type ${quoteValue(secret.type)}, which the kubelet ignores`;
    return [wrong(message, TYPES)];
  }
  const label = secretLabel(secret.name, contents.key);
  if (contents.state === 'no-key') return [withoutKey(secret, contents.key)];
  if (contents.state === 'empty') return [wrong(`${label} is empty, so the kubelet ignores it`, MAKE_ONE)];
  if (contents.state === 'read') return checkEntries(label, contents.credentials);
  return few(contents.faults).map((fault) => wrong(`${label}: ${fault}`, MALFORMED));
}

function withoutKey({ name, keys }: PullSecret, key: string): ProblemText {
  const message = `${secretLabel(name)} has no key ${quoteValue(key)}, which its type requires`;
  const found = shortList(keys.map((one) => quoteValue(one, 60)));
  return wrong(message, keys.length === 0 ? MAKE_ONE : `it has ${found}; ${MAKE_ONE}`);
}

const MALFORMED = 'fix the Secret; until then, the kubelet pulls no images for this Pod';
const TYPES = `use the type ${[...PULL_SECRET_KEYS.keys()].join(' or ')}`;

function wrong(message: string, remedy: string): ProblemText {
  return { state: 'violation', message, remedy };
}

function checkEntries(
  label: string,
  { entries, ignored }: { readonly entries: readonly Entry[]; readonly ignored: readonly Entry[] },
): readonly ProblemText[] {
  if (entries.length === 0) return [wrong(`${label}: it has no entries`, MAKE_ONE)];
  const unreachable = new Set(ignored);
  const faults = entries.flatMap((entry) => {
    const fault = unreachable.has(entry) ? 'is not a registry address, so the kubelet ignores it' : emptyPart(entry);
    return fault === undefined ? [] : [`entry ${quoteValue(shownServer(entry.server))} ${fault}`];
  });
  return few(faults).map((fault) => wrong(`${label}: ${fault}`, 'set a user name and a password, or "auth"'));
}

function emptyPart(entry: Entry): string | undefined {
  const [token] = entry.unreadTokens;
  const unread = token === undefined ? '' : `: the kubelet does not read its "${token}"`;
  const hasPassword = entry.password() !== '';
  if (!hasUser(entry)) return `has no user name${hasPassword ? '' : ' and no password'}${unread}`;
  return hasPassword ? undefined : `has no password${unread}`;
}

/** A file can have tens of thousands of entries. */
const MAX_FAULTS = 8;

function few(faults: readonly string[]): readonly string[] {
  return faults.length > MAX_FAULTS ? [...faults.slice(0, MAX_FAULTS), 'the Secret has more problems'] : faults;
}
