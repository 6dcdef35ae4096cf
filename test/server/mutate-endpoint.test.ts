/** `/mutate` over real HTTPS: the bytes that an API server accepts, the time it gives, what is logged and counted. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerFaults } from '../admission/answer-checks.ts';
import { podOf } from '../admission/decide.ts';
import { digestOf, no, registryOf } from '../admission/pinning.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { type TestServer, startAdmissionServer } from '../support/admission-server.ts';
import { createReview } from '../support/review.ts';

const UID = '5d6f3c1e-8f5b-4a53-9e0b-0f2d9f7d3c11';
const images = registryOf({
  'docker.io/library/gone:1': no('notFound', 'docker.io has no tag "1"'),
  'docker.io/library/limited:1': no('rateLimited'),
  'docker.io/library/slow:1': new Promise(() => undefined),
});
const policies = [
  policyOf('{rules: [{rule: image-digest, action: warn}], pin: {onFailure: {notFound: deny, rateLimited: allow}}}'),
];

let server: TestServer;
beforeAll(async () => {
  server = await startAdmissionServer({ kinds, policies, world: { images } });
});
afterAll(() => server.stop());

const pod = (...names: readonly string[]): object =>
  podOf(`{containers: [${names.map((image, index) => `{name: c${index}, image: "${image}"}`).join(', ')}]}`);
const ask = async (object: object, timeout = '10s', extra = {}): Promise<Record<string, unknown>> => {
  const reply = await server.post(`/mutate?timeout=${timeout}`, JSON.stringify(createReview(object, extra)));
  expect([reply.status, reply.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
  expect(answerFaults(reply.text, { apiVersion: 'admission.k8s.io/v1', uid: UID, endpoint: 'mutate' })).toEqual([]);
  return (JSON.parse(reply.text) as { readonly response: Record<string, unknown> }).response;
};
const patchIn = ({ patch }: Record<string, unknown>): unknown =>
  typeof patch === 'string' ? JSON.parse(Buffer.from(patch, 'base64').toString()) : undefined;
const at = (index: number, value: string): object => ({
  op: 'replace',
  path: `/spec/containers/${index}/image`,
  value,
});

describe('an answer', () => {
  test('has the patch in standard base64, and what was written in an audit annotation', async () => {
    const response = await ask(pod('nginx:1', `redis@${digestOf('0')}`));
    expect(patchIn(response)).toEqual([at(0, `nginx:1@${digestOf('1')}`)]);
    expect({ ...response, patch: undefined }).toEqual({
      uid: UID,
      allowed: true,
      patchType: 'JSONPatch',
      auditAnnotations: { pinned: `container "c0": nginx:1 -> ${digestOf('1')}` },
    });
  });

  test('without anything to pin says nothing more than that', async () => {
    expect(await ask(pod(`redis@${digestOf('0')}`))).toEqual({ uid: UID, allowed: true });
    expect(await ask(pod('nginx:1'), '10s', { operation: 'DELETE', object: null })).toEqual({
      uid: UID,
      allowed: true,
    });
  });

  test('that denies has neither patch nor patchType', async () => {
    const response = await ask(pod('nginx:1', 'gone:1'));
    expect(response).toMatchObject({
      allowed: false,
      status: {
        code: 403,
        message:
          'Pod default/p: 1 problem\n  container "c1": image "gone:1" cannot be pinned: docker.io has no tag "1" [test/pin]\n    ask again',
      },
    });
    expect([response['patch'], response['patchType']]).toEqual([undefined, undefined]);
  });

  test('that lets a failure pass tells only the audit log', async () => {
    const response = await ask(pod('limited:1'));
    expect(response['warnings']).toBeUndefined();
    expect(response['auditAnnotations']).toMatchObject({
      decision: 'allow',
      findings: expect.stringContaining('audit [test/pin, unknown -> audit] container "c0": image "limited:1"'),
    });
  });

  test('is there in the time that the API server gives, with what is known by then', async () => {
    const response = await ask(pod('slow:1', 'nginx:1'), '1s');
    expect(patchIn(response)).toEqual([at(1, `nginx:1@${digestOf('1')}`)]);
    expect(response['warnings']).toEqual([
      'container "c0": image "slow:1" cannot be pinned: docker.io: no response before the deadline [test/pin, unknown -> warn]',
    ]);
  });

  test('about an object that cannot be read is what the policy says of images without a digest', async () => {
    expect(await ask(podOf('{containers: 1}'))).toMatchObject({
      allowed: false,
      status: {
        code: 403,
        message: expect.stringContaining(
          'cannot determine whether the object complies: /spec/containers: expected a list, found a number [test/pin, unknown -> deny]',
        ),
      },
    });
  });

  test('of /validate is about rules alone', async () => {
    const reply = await server.post('/validate', JSON.stringify(createReview(pod('gone:1'))));
    expect(JSON.parse(reply.text)).toMatchObject({
      response: { allowed: true, warnings: [expect.stringContaining('image-digest')] },
    });
  });
});

describe('afterwards', () => {
  test('the record has the mutation, and the metrics have counted it', async () => {
    const { length } = server.reviews;
    await ask(pod('nginx:1'));
    expect(server.reviews.slice(length)).toMatchObject([
      { endpoint: 'mutate', decision: undefined, mutation: { images: [{ from: 'nginx:1', outcome: 'pinned' }] } },
    ]);
    const { text } = await server.operations.metrics.exposition();
    expect(text).toMatch(/^tidewaiter_pins_total\{policy="test",outcome="pinned",cause=""\} [1-9]/m);
    expect(text).toMatch(/^tidewaiter_pins_total\{policy="test",outcome="failed",cause="timeout"\} 1$/m);
    expect(server.failures).toEqual([]);
  });
});
