/** Decides each fixture with its world, and again with nothing but the recorded facts. Both answers must be the same bytes. */
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Context, Outage, type World } from '../../src/admission/context.ts';
import { answerText, decisionReview, readReview } from '../../src/admission/review.ts';
import { validate } from '../../src/admission/validate.ts';
import type { PullSecret } from '../../src/credential/pull-secret.ts';
import { noteFacts } from '../../src/recording/noted-facts.ts';
import type { RecordedFacts } from '../../src/recording/facts.ts';
import { recordedWorld } from '../../src/recording/recorded-world.ts';
import { recordedSecret } from '../../src/recording/secret.ts';
import { change, digestOf, findingTexts, no, updateOf, yes } from '../admission/pinning.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import { FIXTURE_RULES, fixturesOf, loadFixture } from '../support/rule-fixtures.ts';

const hashUser = (name: string): string => `user-${createHmac('sha256', 'k').update(name).digest('hex').slice(0, 12)}`;
const options = { hashUser, secretOf: (secret: PullSecret) => recordedSecret(secret, hashUser) };

async function decided(review: object, context: Context, { signal }: AbortController): Promise<string> {
  const read = readReview(review);
  if (!read.ok) throw new Error(read.problem);
  return answerText(decisionReview(read.review, await validate(read.review.request, context, signal)));
}

async function noted(
  review: object,
  context: Context,
  signal = new AbortController(),
): Promise<{ readonly answer: string; readonly facts: RecordedFacts }> {
  const notes = noteFacts(context, context.now?.() ?? 0, options);
  const answer = await decided(review, notes.context, signal);
  return { answer, facts: JSON.parse(JSON.stringify(notes.facts())) as RecordedFacts };
}

/** Recordings have hashes of user names. */
function withoutUsers(answer: string): string {
  return answer.replace(/user (\\"[^"]*"|[\w-]+)/g, 'user');
}

describe.each(FIXTURE_RULES)('the fixtures of %s', (rule) => {
  test.each(fixturesOf(rule))('%s has the same answer with the recorded facts', async (file) => {
    const { review, context } = await loadFixture(rule, file);
    const { answer, facts } = await noted(review, context);
    const missing: string[] = [];
    const world = recordedWorld(facts, (what) => missing.push(what));
    expect(withoutUsers(await decided(review, { ...context, world }, new AbortController()))).toBe(
      withoutUsers(answer),
    );
    expect(missing).toEqual([]);
  });
});

describe('sources', () => {
  const fixture = loadFixture('pull-secret-coverage', 'pass/on-template.yaml').catch(() =>
    loadFixture('pull-secret-coverage', fixturesOf('pull-secret-coverage')[0] ?? ''),
  );
  const failing: readonly (readonly [string, World])[] = [
    ['in an outage', { secrets: { secret: () => Promise.reject(new Outage('the API server is unavailable')) } }],
    ['that do not exist', {}],
    ['with an object that does not exist', { secrets: { secret: () => ({ state: 'no' }) } }],
  ];

  test.each(failing)('%s are recorded', async (_name, world) => {
    const { review, context } = await fixture;
    const { answer, facts } = await noted(review, { ...context, world });
    const again = await decided(review, { ...context, world: recordedWorld(facts) }, new AbortController());
    expect(again).toBe(answer);
  });

  test('that do not respond before the deadline are recorded as late', async () => {
    const { review, context } = await fixture;
    const deadline = new AbortController();
    const world: World = {
      secrets: { secret: () => new Promise(() => setTimeout(() => deadline.abort(), 5)) },
      serviceAccounts: { pullSecretsOf: () => new Promise(() => setTimeout(() => deadline.abort(), 5)) },
    };
    const { answer, facts } = await noted(review, { ...context, world }, deadline);
    expect(JSON.stringify(facts)).toContain('no response before the deadline');
    const again = await decided(review, { ...context, world: recordedWorld(facts) }, new AbortController());
    expect(again).toBe(answer);
  });

  test('have no fact that the recording does not have', async () => {
    const { review, context } = await fixture;
    const missing: string[] = [];
    const world = recordedWorld({ sources: ['secrets', 'serviceAccounts'] }, (what) => missing.push(what));
    const answer = await decided(review, { ...context, world }, new AbortController());
    expect(missing).not.toEqual([]);
    expect(answer).toContain('the recording does not have');
  });
});

test('a remembered fact and a new one about the same image are recorded apart', async () => {
  const policy = policyOf('{rewrite: [{from: "docker.io/**", to: "m.example.com/**"}], pin: {onFailure: warn}}');
  const of = (image: string, restartedAt: string): JsonObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      template: {
        metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': restartedAt } },
        spec: { containers: [{ name: 'web', image }] },
      },
    },
  });
  // The mirror is down since a moment ago.
  const images: World['images'] = {
    lookUp: ({ refresh }) => (refresh ? no('unreachable', 'it is down') : yes(digestOf('1'))),
  };
  const request = updateOf(of(`m.example.com/a/b:1@${digestOf('0')}`, '1'), of('a/b:1', '2'));
  const decide = async (world: World): Promise<string> => {
    const mutation = await change(request, [policy], world);
    return JSON.stringify([mutation.patch, findingTexts(mutation)]);
  };
  const notes = noteFacts({ kinds, policies: [], world: { images } }, 0, options);
  const answer = await decide(notes.context.world ?? {});
  expect(answer).toContain('m.example.com/a/b:1@sha256:000');
  expect(answer).toContain('keeps its stored digest: it is down');
  const facts = JSON.parse(JSON.stringify(notes.facts())) as RecordedFacts;
  const missing: string[] = [];
  expect(await decide(recordedWorld(facts, (what) => missing.push(what)))).toBe(answer);
  // Recordings of earlier versions have one of both.
  const found = (facts.registry ?? []).filter(({ fact }) => fact.state === 'yes');
  for (const refresh of [undefined, true] as const) {
    const registry = found.map((one) => ({ ...one, refresh }));
    await decide(recordedWorld({ ...facts, registry }, (what) => missing.push(what)));
  }
  expect(found).toHaveLength(1);
  expect(missing).toEqual([]);
});
