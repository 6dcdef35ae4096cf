/** The causes of pull errors that no test of a whole Pod reaches. */
import { describe, expect, test } from 'vitest';
import type { PullTrace } from '../../src/lookup/trace.ts';
import { parseReference } from '../../src/image/reference.ts';
import type { RegistryCause } from '../../src/policy/registry-fact.ts';
import { type Diagnosis, diagnose, type PullEvidence } from '../../src/report/pull-diagnosis.ts';

const parsed = parseReference('registry.example.com/shop/web:1');
const NO_SECRETS = { from: 'pod', serviceAccount: 'default', state: 'known', reason: null, secrets: [] } as const;
const EVIDENCE: PullEvidence = {
  kind: 'other',
  namespace: 'shop',
  reference: parsed.ok ? parsed.reference : undefined,
  problem: null,
  credentials: { state: 'anonymous', candidates: [] },
  secrets: NO_SECRETS,
  addedSecrets: [],
  nodePlatform: undefined,
  trace: undefined,
};

const absent = { name: 'absent', state: 'absent', reason: null } as const;
const reason = 'has type "Opaque", not kubernetes.io/dockerconfigjson';
const ignored = { ...NO_SECRETS, secrets: [{ name: 'opaque', state: 'ignored', reason }] } as const;
const failed = (cause: RegistryCause): PullTrace => {
  const failure = { cause, message: `the registry: ${cause}`, remedy: undefined };
  return { attempts: [], image: { state: cause === 'notFound' ? 'no' : 'unknown', failure }, details: undefined };
};
const cause = (more: Partial<PullEvidence>): Diagnosis['cause'] | undefined =>
  diagnose({ ...EVIDENCE, ...more })?.cause;

describe('the cause of a pull error', () => {
  test.each<readonly [Partial<PullEvidence>, Diagnosis['cause'] | undefined]>([
    [{}, undefined],
    [{ trace: failed('blocked') }, undefined],
    [{ trace: failed('protocol') }, undefined],
    [{ trace: failed('notFound') }, 'image-missing'],
    [{ trace: failed('rateLimited') }, 'rate-limited'],
    [{ trace: failed('serverError') }, 'registry-failing'],
    [{ trace: failed('tls') }, undefined],
    [{ kind: 'dns', trace: failed('dns') }, 'registry-failing'],
    [{ kind: 'notFound', trace: failed('dns') }, 'image-missing'],
    [{ kind: 'unauthorized', trace: failed('timeout') }, 'no-credential'],
    [{ trace: failed('unauthenticated') }, 'no-credential'],
    [{ kind: 'notFound', trace: failed('unauthenticated') }, 'image-missing'],
    [{ kind: 'unauthorized', trace: failed('forbidden') }, 'no-credential'],
    [{ kind: 'disk', trace: failed('notFound') }, 'disk-full'],
    [{ kind: 'throttled' }, 'throttled'],
    [{ kind: 'rateLimited' }, 'rate-limited'],
    [{ kind: 'unauthorized' }, 'no-credential'],
    [{ kind: 'unauthorized', trace: failed('blocked') }, 'no-credential'],
    [{ kind: 'timeout' }, 'registry-failing'],
    [{ kind: 'platform' }, 'platform-missing'],
    [{ reference: undefined, problem: 'x' }, 'invalid-name'],
    [{ secrets: { ...NO_SECRETS, secrets: [{ name: 'a', state: 'malformed', reason: 'x' }] } }, 'secret-malformed'],
    [{ kind: 'unauthorized', secrets: ignored }, 'secret-ignored'],
    [{ kind: 'unauthorized', secrets: { ...ignored, secrets: [...ignored.secrets, absent] } }, 'secret-missing'],
  ])('%#', (more, expected) => {
    expect(cause(more)).toBe(expected);
  });

  test('is the credential that the kubelet used, and the pull secret that it did not have', () => {
    const candidate = { secret: 'other', key: 'r', registry: 'r', username: 'ci' };
    const credentials = { state: 'found', candidates: [candidate] } as const;
    const secrets = { ...NO_SECRETS, secrets: [absent, { name: 'other', state: 'usable', reason: null }] } as const;
    expect(diagnose({ ...EVIDENCE, kind: 'unauthorized', credentials, secrets })?.message).toBe(
      'the registry rejects user "ci" of pull secret "other", and pull secret "absent" does not exist',
    );
    expect(diagnose({ ...EVIDENCE, kind: 'unauthorized', secrets: ignored })).toMatchObject({
      message:
        'the kubelet ignores pull secret "opaque", because it has type "Opaque", not kubernetes.io/dockerconfigjson',
    });
  });

  test('is no shell command with the name of a Secret that a shell would run', () => {
    const secrets = { ...NO_SECRETS, secrets: [{ name: 'a; rm -rf ~', state: 'absent', reason: null }] } as const;
    expect(diagnose({ ...EVIDENCE, kind: 'unauthorized', secrets })).toEqual({
      cause: 'secret-missing',
      message: 'pull secret "a; rm -rf ~" does not exist in namespace "shop"',
      remedy: 'correct the name in imagePullSecrets',
    });
  });
});
