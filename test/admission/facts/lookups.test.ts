/** Facts from registries: which images are looked up, how often, and with which credentials. */
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Crowded } from '../../../src/admission/context.ts';
import type { Decision } from '../../../src/admission/validate.ts';
import type { JsonObject } from '../../../src/pod/pointer.ts';
import { exceptionBook } from '../../../src/policy/exception-book.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import type { RegistryFact, RegistryImage } from '../../../src/policy/registry-fact.ts';
import { secretOf } from '../../credential/pull-secrets.ts';
import { exceptionOf, LAST_DAY, policyOf } from '../../policy/fixtures.ts';
import { ask, contextOf, objectOf, podOf, requestOf } from '../decide.ts';
import { type RecordedRegistry, DIGEST, found, registry, TELLING } from '../registry.ts';

const policy = (rules: string, scope = 'onUpdate: changed'): Policy =>
  policyOf(`{${scope}, rules: [${rules}]}`, TELLING);
const IMAGES = '{rule: tell-registryImages, action: audit}';
const TAGS = '{rule: tell-registryTags, action: audit}';
const DETAILS = '{rule: tell-registryDetails, action: audit}';

const pod = (containers: string, more = ''): JsonObject => podOf(`{${more} containers: [${containers}]}`);

/** `container: what the rule was told`, of findings that only tell. */
function decisionTexts(decision: Decision): readonly string[] {
  if (decision.outcome !== 'evaluated') return [decision.outcome];
  return decision.findings
    .filter(({ rule }) => rule.startsWith('tell-'))
    .map(({ container, message }) => `${container?.name ?? '-'}: ${message}`);
}

async function asking(object: JsonObject, policies: readonly Policy[], world = registry()): Promise<readonly string[]> {
  const decision = await ask(requestOf(object), contextOf(policies, world.ports));
  return [...world.lookups, ...decisionTexts(decision)];
}

describe('an image lookup', () => {
  test.each([
    ['shop', 'shop'],
    ['n'.repeat(63), 'n'.repeat(63)],
    // Only clients that are no API server have such ones; shares are remembered by name.
    ['n'.repeat(64), ''],
    ['n'.repeat(1_000_000), ''],
    [undefined, ''],
  ])('counts in the share of its namespace, if it can be one', async (namespace, share) => {
    const shares: (string | undefined)[] = [];
    const world = registry(({ requester }) => {
      shares.push(requester?.namespace);
      return found;
    });
    const request = requestOf(pod('{name: x, image: "reg.io/x:1"}'), { namespace });
    await ask(request, contextOf([policy(IMAGES)], world.ports));
    expect(shares).toEqual([share]);
  });

  test('is looked up once for all containers with the same image and credentials, and its answer reaches each of them', async () => {
    const object = pod(
      '{name: x, image: "reg.io/x:1"}, {name: w, image: "reg.io/x:1"}',
      'imagePullSecrets: [{name: a}],',
    );
    expect(await asking(object, [policy(IMAGES), policy(IMAGES)])).toEqual([
      'image reg.io/x:1 [a/reg.io]',
      ...['x', 'w', 'x', 'w'].map((name) => `${name}: ${DIGEST}`),
    ]);
  });

  test('is looked up with all candidates in the order of the kubelet', async () => {
    const secrets = 'imagePullSecrets: [{name: b}, {name: nowhere}, {name: a}],';
    expect(await asking(pod('{name: x, image: "reg.io/x:1"}', secrets), [policy(IMAGES)])).toEqual([
      'image reg.io/x:1 [b/reg.io a/reg.io]',
      `x: ${DIGEST}`,
    ]);
  });

  test('runs for each list of pull secrets, and once for equal lists', async () => {
    const task = (spec: string): string => `{template: {spec: {${spec} containers: [{name: x, image: "reg.io/x:1"}]}}}`;
    const tasks = [
      'imagePullSecrets: [{name: a}],',
      'serviceAccountName: shop,',
      'imagePullSecrets: [{name: b}],',
      'imagePullSecrets: [{name: a}],',
      'serviceAccountName: other,',
    ].map(task);
    const job = objectOf(
      `{apiVersion: batch.volcano.sh/v1alpha1, kind: Job, metadata: {name: j}, spec: {tasks: [${tasks.join(', ')}]}}`,
    );
    const answers = Array.from({ length: 5 }, () => `x: ${DIGEST}`);
    expect(await asking(job, [policy(IMAGES)])).toEqual([
      'image reg.io/x:1 [a/reg.io]',
      'image reg.io/x:1 [b/reg.io]',
      'image reg.io/x:1 [] ?its pull secrets are not known: who is that',
      ...answers,
    ]);
  });

  test.each<[string, string, string]>([
    ['a secret that cannot be looked up', 'away', ' [] ?pull secret "away" is not known: it is away'],
    ['a secret that does not exist', 'nowhere', ' []'],
  ])('says what is in doubt with %s', async (_what, name, expected) => {
    const object = pod('{name: x, image: "reg.io/x:1"}', `imagePullSecrets: [{name: ${name}}],`);
    expect((await asking(object, [policy(IMAGES)]))[0]).toBe(`image reg.io/x:1${expected}`);
  });

  test('is looked up without a credential when one secret is malformed, and says that the kubelet would use none', async () => {
    const world = registry();
    const secrets = {
      secret: () => Promise.resolve({ state: 'yes', value: secretOf('bad', '{"auths": 7}') } as const),
    };
    const object = pod('{name: x, image: "reg.io/x:1"}', 'imagePullSecrets: [{name: bad}],');
    await ask(requestOf(object), contextOf([policy(IMAGES)], { ...world.ports, secrets }));
    expect(world.lookups).toEqual([
      'image reg.io/x:1 [] ?pull secret "bad" is malformed, so the kubelet uses no pull secrets',
    ]);
  });

  test('includes image volumes and images outside of a Pod, whose credentials are not known', async () => {
    const volume = podOf('{volumes: [{name: v, image: {reference: "reg.io/m:3"}}]}');
    const step = objectOf(
      '{apiVersion: tekton.dev/v1, kind: StepAction, metadata: {name: s}, spec: {image: "reg.io/s"}}',
    );
    expect(await asking(volume, [policy(IMAGES)])).toEqual(['image reg.io/m:3 []', `v: ${DIGEST}`]);
    expect(await asking(step, [policy(IMAGES)])).toEqual([
      'image reg.io/s [] ?its controller sets the pull secrets later',
      `-: ${DIGEST}`,
    ]);
  });

  test('excludes invalid and pending images', async () => {
    const object = objectOf(
      '{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: {containers: [{name: x, image: "UPPER:"}, {name: w, image: auto}]}}}}',
    );
    expect(await asking(object, [policy(IMAGES)])).toEqual(['x: nothing', 'w: nothing']);
  });

  test('about a tag is looked up only where there is a digest beside it', async () => {
    const object = pod(
      `{name: x, image: "reg.io/x:1@${DIGEST}"}, {name: w, image: "reg.io/x:1"}, {name: z, image: "reg.io/x@${DIGEST}"}`,
    );
    expect(await asking(object, [policy(TAGS)])).toEqual([
      `tag reg.io/x:1@${DIGEST} []`,
      `x: ${DIGEST}`,
      'w: nothing',
      'z: nothing',
    ]);
  });

  test('runs only for the needed facts', async () => {
    const object = pod('{name: x, image: "reg.io/x:1"}');
    expect((await asking(object, [policy(DETAILS)])).slice(0, 1)).toEqual(['imageDetails reg.io/x:1 []']);
    const world = registry();
    await ask(requestOf(object), contextOf([policy('{rule: image-digest}')], world.ports));
    expect(world.lookups).toEqual([]);
  });

  test('runs up to a hundred times for an object, and other images are unknown', async () => {
    const containers = Array.from({ length: 1000 }, (_, index) => `{name: c${index}, image: "reg.io/x:${index}"}`);
    const world = registry();
    const decision = await ask(requestOf(pod(containers.join(', '))), contextOf([policy(IMAGES)], world.ports));
    const answers = decisionTexts(decision);
    expect(world.lookups).toHaveLength(100);
    expect(answers[99]).toBe(`c99: ${DIGEST}`);
    expect(new Set(answers.slice(100).map((answer) => answer.replace(/^c\d+: /, '')))).toEqual(
      new Set([
        'unknown tooMany: the object needs lookups of more than 100 different images; the rest are not looked up',
      ]),
    );
  });

  test.each([
    ['picky', 10_000, 'reg.io', 'evaluated, allowed'],
    ['picky', 10_000, 'reg.example.com', 'evaluated, allowed'],
    ['picky', 10_001, 'reg.io', 'evaluated, allowed'],
    ['picky', 10_001, 'reg.example.com', 'malformed, denied'],
    ['image-exists', 10_001, 'reg.io', 'malformed, denied'],
  ])('does not run for too many images (%s, %i images of %s: %s)', async (rule, count, host, is) => {
    const object = {
      ...pod(''),
      spec: { containers: Array.from({ length: count }, () => ({ image: `${host}/x:1` })) },
    };
    const world = registry();
    const decision = await ask(requestOf(object), contextOf([policy(`{rule: ${rule}}`)], world.ports));
    expect(`${decision.outcome}, ${decision.allowed ? 'allowed' : 'denied'}`).toBe(is);
    expect(world.lookups).toHaveLength(host === 'reg.example.com' && count === 10_000 ? 1 : 0);
  });

  test('has limited cost for any number of images and host patterns', async () => {
    const world = registry();
    const auths = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`${'*a'.repeat(30)}${index}.io`, {}]));
    const hostile = secretOf('a', JSON.stringify({ auths }));
    const secrets = { secret: () => Promise.resolve({ state: 'yes', value: hostile } as const) };
    const image = (index: number): string => `{name: c${index}, image: "${'a'.repeat(200)}${index}.io/x"}`;
    const containers = Array.from({ length: 3000 }, (_, index) => image(index)).join(', ');
    const object = pod(containers, 'imagePullSecrets: [{name: a}],');
    await ask(requestOf(object), contextOf([policy(IMAGES)], { ...world.ports, secrets }));
    expect(world.lookups.at(-1)).toMatch(/ \[\] \?the Pod's pull secrets have too many host patterns to compare$/);
  });

  test('has limited cost for many Pods with the same long list of pull secrets', async () => {
    const world = registry();
    const names = Array.from({ length: 40_000 }, (_, index) => `a-long-pull-secret-name-${index}`);
    const serviceAccounts = { pullSecretsOf: () => ({ state: 'yes', value: names }) as const };
    const secrets = { secret: () => ({ state: 'no' }) as const };
    const task = '{template: {spec: {serviceAccountName: shop, containers: [{name: x, image: "reg.io/x:1"}]}}}';
    const tasks = Array.from({ length: 10_000 }, () => task).join(', ');
    const job = objectOf(
      `{apiVersion: batch.volcano.sh/v1alpha1, kind: Job, metadata: {name: j}, spec: {tasks: [${tasks}]}}`,
    );
    await ask(requestOf(job), contextOf([policy(IMAGES)], { ...world.ports, secrets, serviceAccounts }));
    expect(world.lookups).toHaveLength(1);
  });
});

describe('only images that a covering rule looks up are looked up', () => {
  const object = pod(
    '{name: x, image: "reg.io/x:1"}, {name: w, image: "hub.example.com/y:1"}',
    'initContainers: [{name: i, image: "reg.io/i:1"}],',
  );

  test.each<[string, string, readonly string[]]>([
    ['match.images', 'match: {images: ["hub.example.com/**"]}', ['hub.example.com/y:1']],
    ['match.containers', 'match: {containers: [init]}', ['reg.io/i:1']],
    ['exclude.images', 'exclude: {images: ["reg.io/**"]}', ['hub.example.com/y:1']],
    ['match.namespaces', 'match: {namespaces: [other]}', []],
  ])('as %s says', async (_what, scope, images) => {
    const world = registry();
    await ask(requestOf(object), contextOf([policy(IMAGES, scope)], world.ports));
    expect(world.lookups).toEqual(images.map((image) => `image ${image} []`));
  });

  test('and what any of several policies looks at is', async () => {
    const world = registry();
    const policies = [policy(IMAGES, 'match: {containers: [init]}'), policy(DETAILS, 'match: {images: ["reg.io/**"]}')];
    await ask(requestOf(object), contextOf(policies, world.ports));
    expect(world.lookups).toEqual(['image reg.io/i:1 []', 'imageDetails reg.io/i:1 []', 'imageDetails reg.io/x:1 []']);
  });

  test('and a rule can say that it looks at fewer', async () => {
    const world = registry();
    await ask(requestOf(object), contextOf([policy('{rule: picky}')], world.ports));
    expect(world.lookups).toEqual(['image hub.example.com/y:1 []']);
  });

  test('and through pods/ephemeralcontainers only the ephemeral ones', async () => {
    const world = registry();
    const ephemeral = podOf(
      '{containers: [{name: x, image: "reg.io/x:1"}], ephemeralContainers: [{name: e, image: "reg.io/e:1"}]}',
    );
    const request = requestOf(ephemeral, { operation: 'UPDATE', subResource: 'ephemeralcontainers' });
    await ask(request, contextOf([policy(IMAGES)], world.ports));
    expect(world.lookups).toEqual(['image reg.io/e:1 []']);
  });
});

describe('an image that a policy denies', () => {
  const object = pod('{name: x, image: "evil.io/x:1"}, {name: w, image: "reg.io/y"}');
  const registries = (more = ''): string => `{rule: image-registry, parameters: {allow: ["reg.io/**"]}${more}}`;
  const NOT_ASKED = 'x: unknown blocked: not looked up: policy test/image-registry denies the image';

  test('is not looked up, and rules get the reason', async () => {
    expect(await asking(object, [policy(`${IMAGES}, ${DETAILS}, ${registries()}`)])).toEqual([
      'image reg.io/y []',
      'imageDetails reg.io/y []',
      NOT_ASKED,
      `w: ${DIGEST}`,
      NOT_ASKED,
      `w: ${DIGEST}`,
    ]);
  });

  test('is so when another policy denies it, or another rule that looks only at its name', async () => {
    const two = [policy(IMAGES), policy(registries())];
    expect(await asking(object, two)).toContain(NOT_ASKED);
    const tag = policy(`${IMAGES}, {rule: image-tag, parameters: {required: true}}`);
    expect(await asking(object, [tag])).toContain(
      'w: unknown blocked: not looked up: policy test/image-tag denies the image',
    );
  });

  test.each<[string, readonly Policy[]]>([
    ['only warns', [policy(`${IMAGES}, ${registries(', action: warn')}`)]],
    ['does not apply', [policy(IMAGES), policy(registries(), 'match: {namespaces: [other]}')]],
    ['looks at other images', [policy(IMAGES), policy(registries(), 'match: {images: ["reg.io/**"]}')]],
    [
      'may not apply, and then only warns',
      [policy(IMAGES), policy(registries(), 'match: {namespaceSelector: {matchLabels: {a: b}}}')],
    ],
  ])('is looked up if the policy %s', async (_what, policies) => {
    expect((await asking(object, policies))[0]).toBe('image evil.io/x:1 []');
  });

  test('is not looked up if it is unknown whether the policy applies and onUnknown is deny', async () => {
    const doubtful = policy(registries(', onUnknown: deny'), 'match: {namespaceSelector: {matchLabels: {a: b}}}');
    expect((await asking(object, [policy(IMAGES), doubtful]))[0]).toBe('image reg.io/y []');
  });

  test('is looked up if an exception excuses it, because it is not denied', async () => {
    const exceptions = exceptionBook(
      [exceptionOf('{images: ["evil.io/**"]}', { rules: ['image-registry'] })],
      () => LAST_DAY,
    );
    const world = registry();
    await ask(requestOf(object), contextOf([policy(`${IMAGES}, ${registries()}`)], { ...world.ports, exceptions }));
    expect(world.lookups).toEqual(['image evil.io/x:1 []', 'image reg.io/y []']);
  });
});

describe('an update', () => {
  const deployment = (image: string, more = ''): JsonObject =>
    objectOf(
      `{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: {serviceAccountName: shop, containers: [{name: x, image: "${image}"}${more}]}}}}`,
    );
  const update = async (
    now: JsonObject,
    before: JsonObject,
    rules: string,
    world: RecordedRegistry,
  ): Promise<Decision> =>
    ask(requestOf(now, { operation: 'UPDATE', oldObject: before }), contextOf([policy(rules)], world.ports));

  test('asks nothing about the old object when nothing is found', async () => {
    const world = registry();
    const rules = `{rule: picky}, {rule: image-digest}`;
    await update(deployment(`a.example.com/x:2@${DIGEST}`), deployment('b.example.com/x:1'), rules, world);
    expect(world.lookups).toEqual(['image a.example.com/x:2 []'.replace(':2', `:2@${DIGEST}`)]);
  });

  test('asks nothing for rules that found nothing, nor about images that are not the same', async () => {
    const world = registry();
    await update(
      deployment('a.example.com/x:2'),
      deployment('a.example.com/x:1'),
      '{rule: picky}, {rule: image-digest, action: warn}',
      world,
    );
    expect(world.lookups).toEqual(['image a.example.com/x:2 []']);
    const other = registry();
    await update(deployment('reg.io/x:2'), deployment('reg.io/x:1'), IMAGES, other);
    expect(other.lookups).toEqual(['image reg.io/x:2 [b/reg.io]']);
  });

  test('asks nothing for a rule that found nothing, though the old object has other pull secrets', async () => {
    const world = registry();
    const old = objectOf(
      '{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: {imagePullSecrets: [{name: away}], containers: [{name: x, image: "a.example.com/x:1"}]}}}}',
    );
    await update(deployment('a.example.com/x:1'), old, '{rule: picky}, {rule: image-digest, action: warn}', world);
    expect(world.lookups).toEqual(['image a.example.com/x:1 []']);
  });

  test('asks once about what is the same in both, and forgives what the old object had', async () => {
    const gone = { state: 'no', failure: { cause: 'notFound', message: 'gone', remedy: undefined } } as const;
    const world = registry(() => gone);
    const now = deployment('reg.io/x:1', ', {name: w, image: "reg.io/y:1"}');
    const decision = await update(now, deployment('reg.io/x:1'), '{rule: tell-registryImages}', world);
    expect(world.lookups).toEqual(['image reg.io/x:1 [b/reg.io]', 'image reg.io/y:1 [b/reg.io]']);
    expect(
      decision.outcome === 'evaluated' && decision.findings.map(({ action, existing }) => [action, existing]),
    ).toEqual([
      ['warn', true],
      ['deny', false],
    ]);
  });

  test('asks about the old object with its own pull secrets', async () => {
    const world = registry();
    const old = objectOf(
      '{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: {imagePullSecrets: [{name: a}], containers: [{name: x, image: "reg.io/x:1"}]}}}}',
    );
    await update(deployment('reg.io/x:1'), old, IMAGES, world);
    expect(world.lookups).toEqual(['image reg.io/x:1 [b/reg.io]', 'image reg.io/x:1 [a/reg.io]']);
  });
});

describe('without an answer', () => {
  const object = pod('{name: x, image: "reg.io/x:1"}');

  test('in time, each fact is unknown, and says which registry was slow', async () => {
    const controller = new AbortController();
    const world = registry(() => new Promise(() => undefined));
    const decision = ask(requestOf(object), contextOf([policy(IMAGES)], world.ports), controller.signal);
    setTimeout(() => controller.abort(), 10);
    expect(decisionTexts(await decision)).toEqual(['x: unknown timeout: reg.io: no response before the deadline']);
  });

  const afterTurns = async <T>(turns: number, value: T): Promise<T> => {
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    return value;
  };
  const ownFailure = { cause: 'timeout', message: 'reg.io: no response headers', remedy: undefined } as const;
  const ownReason: RegistryFact<RegistryImage> = { state: 'unknown', failure: ownFailure };
  const stale: RegistryFact<RegistryImage> = {
    state: 'yes',
    value: {
      digest: DIGEST,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      credential: 'anonymous',
      mirror: undefined,
      provesPull: true,
      stale: { ageMs: 1, failure: ownFailure },
    },
  };
  const LATE = 'x: unknown timeout: reg.io: no response before the deadline';

  test.each<[string, number, RegistryFact<RegistryImage>, string]>([
    ['a stale value wins', 5, stale, `x: ${DIGEST}`],
    ['a stale value wins, however many callbacks are between', 1000, stale, `x: ${DIGEST}`],
    ['the reason of the source wins', 5, ownReason, 'x: unknown timeout: reg.io: no response headers'],
    ['a source that never settles is late', Number.POSITIVE_INFINITY, stale, LATE],
  ])('at the abort, %s', async (_what, turns, fact, expected) => {
    const controller = new AbortController();
    const world = registry(async () => {
      await once(controller.signal, 'abort');
      return Number.isFinite(turns) ? afterTurns(turns, fact) : new Promise(() => undefined);
    });
    const abortGrace = async (): Promise<void> => setImmediate();
    const context = contextOf([policy(IMAGES)], { ...world.ports, abortGrace });
    const decision = ask(requestOf(object), context, controller.signal);
    await setImmediate();
    controller.abort();
    expect(decisionTexts(await decision)).toEqual([expected]);
  });

  const CROWD = 'too many reviews of this namespace wait for lookups';
  const PULL = '{rule: pull-secret-usable, action: deny}, {rule: image-exists, action: deny}';

  test.each<[string, (signal: AbortSignal) => Promise<never>, RegistryFact<RegistryImage>]>([
    ['hang', () => new Promise(() => undefined), ownReason],
    ['reject', async (signal) => (await once(signal, 'abort'), Promise.reject(signal.reason)), ownReason],
  ])('because too many reviews of the namespace wait, sources that %s deny', async (_what, secret, image) => {
    const controller = new AbortController();
    const world = registry(async () => (await once(controller.signal, 'abort'), image));
    const secrets = { secret: async (_ns: string, _name: string, signal: AbortSignal) => secret(signal) };
    const abortGrace = async (): Promise<void> => setImmediate();
    const decide = async (spec: string): Promise<Decision> => {
      const context = contextOf([policy(PULL)], { ...world.ports, secrets, abortGrace });
      return ask(requestOf(pod('{name: x, image: "reg.io/x:1"}', spec)), context, controller.signal);
    };
    const decisions = [decide('imagePullSecrets: [{name: a}],'), decide('')];
    await setImmediate();
    controller.abort(new Crowded());
    const messages = (await Promise.all([...decisions, decide('')])).map((decision) =>
      decision.outcome === 'evaluated'
        ? decision.findings.map(({ action, outcome, message }) => `${action} ${outcome} ${message}`)
        : [],
    );
    const imageDenied = `deny unknown cannot determine whether image "reg.io/x:1" can be pulled: ${CROWD}`;
    const secretDenied = `deny unknown cannot determine whether pull secret "a" can be used: ${CROWD}`;
    expect(messages).toEqual([[secretDenied, imageDenied], [imageDenied], [imageDenied]]);
  });

  test('after the deadline, without a lookup', async () => {
    const world = registry();
    const decision = await ask(requestOf(object), contextOf([policy(IMAGES)], world.ports), AbortSignal.abort());
    expect(decisionTexts(decision)).toEqual(['x: unknown timeout: reg.io: no response before the deadline']);
    expect(world.lookups).toEqual([]);
  });

  test('each fact is unknown without a source', async () => {
    const { images: _images, imageDetails: _details, ...cluster } = registry().ports;
    const decision = await ask(requestOf(object), contextOf([policy(`${IMAGES}, ${DETAILS}`)], cluster));
    expect(decisionTexts(decision)).toEqual([
      'x: unknown blocked: registry lookups are disabled',
      'x: unknown blocked: registry lookups are disabled',
    ]);
  });

  test('a bug is thrown', async () => {
    const world = registry(() => {
      throw new TypeError('a bug');
    });
    await expect(asking(object, [policy(IMAGES)], world)).rejects.toThrow(new TypeError('a bug'));
  });
});

test('answers that are at once there and those that come later are both taken, side by side', async () => {
  const waiting: (() => void)[] = [];
  const world = registry(({ reference }) => {
    if (reference.tag === '1') return found;
    return new Promise((resolve) => {
      waiting.push(() => resolve(found));
      // No lookup resolves before all have started.
      if (waiting.length === 2) for (const answer of waiting) answer();
    });
  });
  const object = pod(['1', '2', '3'].map((tag) => `{name: x${tag}, image: "reg.io/x:${tag}"}`).join(', '));
  expect(await asking(object, [policy(IMAGES)], world)).toHaveLength(6);
});

test('the time is the same for all rules, and unknown without a clock', async () => {
  const { defineRule } = await import('../../../src/policy/rule.ts');
  const times: unknown[] = [];
  const clock = defineRule({
    name: 'clock',
    description: 'For tests',
    parameters: { type: 'object', additionalProperties: false, properties: {} },
    needs: ['now'],
    prepare: () => ({ ok: true, value: undefined }),
    check({ facts }) {
      times.push(facts.now);
      return [{ state: 'violation', container: undefined, pointer: '', message: 'tick' }];
    },
  });
  const policies = [policyOf('{rules: [{rule: clock}]}', [clock]), policyOf('{rules: [{rule: clock}]}', [clock])];
  let moment = 0;
  await ask(requestOf(pod('{name: x}')), contextOf(policies, { now: () => (moment += 1) }));
  await ask(requestOf(pod('{name: x}')), contextOf(policies));
  const unknown = { state: 'unknown', reason: 'the current time is not known' };
  expect(times.splice(0)).toEqual([{ state: 'yes', value: 1 }, { state: 'yes', value: 1 }, unknown, unknown]);
  const update = requestOf(pod('{name: x}'), { operation: 'UPDATE', oldObject: pod('{name: x}') });
  await ask(update, contextOf(policies, { now: () => (moment += 1) }));
  expect(times).toEqual(Array.from({ length: 4 }, () => ({ state: 'yes', value: 2 })));
});
