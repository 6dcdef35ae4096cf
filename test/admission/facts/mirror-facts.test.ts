/** What is looked up to compare images with their originals: only those of mirrors, and again only what seems to differ. */
import { expect, test } from 'vitest';
import type { ImageLookup } from '../../../src/admission/context.ts';
import type { RegistryCause, RegistryFact, RegistryImage } from '../../../src/policy/registry-fact.ts';
import { policyOf } from '../../policy/fixtures.ts';
import { ask, contextOf, podOf, requestOf } from '../decide.ts';
import { found, registry } from '../registry.ts';

const [A, B] = ['a', 'b'].map((letter) => `sha256:${letter.repeat(64)}`) as [string, string];
const MIRROR = '{from: "o.io/**", to: "m.io/hub/**", when: always}';
const PATH_OF_REGISTRY = '{from: "**", to: "m.io/**", when: always}';

const image = (digest: string, more: Partial<RegistryImage> = {}): RegistryFact<RegistryImage> => ({
  state: 'yes',
  value: { ...(found as Extract<typeof found, { state: 'yes' }>).value, digest, ...more },
});
const failed = (cause: RegistryCause, state: 'no' | 'unknown' = 'unknown'): RegistryFact<never> => ({
  state,
  failure: { cause, message: `it says ${cause}`, remedy: undefined },
});
const GONE = failed('notFound', 'no');

interface Row {
  readonly what: string;
  readonly image: string;
  readonly rewrite?: string;
  readonly rules?: string;
  readonly parameters?: string;
  /** By `by` and name; the second response is that of a lookup that is repeated. */
  readonly table?: Readonly<Record<string, readonly RegistryFact<RegistryImage>[]>>;
  readonly lookups: readonly string[];
  /** `action outcome` */
  readonly findings?: readonly string[];
  readonly message?: string;
}

const COPY = 'image m.io/hub/a:1';
const ORIGINAL = 'image o.io/a:1';

const ROWS: readonly Row[] = [
  { what: 'no rewrite', image: 'own.io/a:1', lookups: [] },
  { what: 'an original that is written', image: 'o.io/a:1', lookups: [] },
  { what: 'equal', image: 'm.io/hub/a:1', lookups: [ORIGINAL, COPY] },
  {
    what: 'another digest',
    image: 'm.io/hub/a:1',
    table: { [COPY]: [image(B), image(B)] },
    lookups: [ORIGINAL, COPY, COPY, ORIGINAL],
    findings: ['deny violation'],
    message: `image "m.io/hub/a:1" has ${B}, but the original "o.io/a:1" has ${A}`,
  },
  {
    what: 'a tag that moved between two lookups',
    image: 'm.io/hub/a:1',
    table: { [COPY]: [image(B), image(B)], [ORIGINAL]: [image(A), image(B)] },
    lookups: [ORIGINAL, COPY, COPY, ORIGINAL],
  },
  {
    what: 'a registry that fails when the tag is looked up again',
    image: 'm.io/hub/a:1',
    table: { [COPY]: [image(B), image(B)], [ORIGINAL]: [image(A), failed('timeout')] },
    lookups: [ORIGINAL, COPY, COPY, ORIGINAL],
    findings: ['warn unknown'],
    message: 'cannot determine whether the original of image "m.io/hub/a:1" is the same: it says timeout',
  },
  {
    what: 'digests of other algorithms',
    image: 'm.io/hub/a:1',
    table: { [COPY]: [image(`sha512:${'c'.repeat(128)}`)] },
    lookups: [ORIGINAL, COPY, COPY, ORIGINAL],
    findings: ['warn unknown'],
  },
  {
    what: 'a mirror that lacks it',
    image: 'm.io/hub/a:1',
    table: { [COPY]: [GONE] },
    lookups: [ORIGINAL, COPY],
    findings: ['deny unknown'],
  },
  {
    what: 'a mirror that is down',
    image: 'm.io/hub/a:1',
    table: { [COPY]: [failed('unreachable')] },
    lookups: [ORIGINAL, COPY],
    findings: ['warn unknown'],
  },
  {
    what: 'neither has it, and nobody minds',
    image: 'm.io/hub/a:1',
    parameters: '{onMissing: {image: ignore}}',
    table: { [COPY]: [GONE], [ORIGINAL]: [GONE] },
    lookups: [ORIGINAL, COPY],
  },
  { what: 'a digest that the original has', image: `m.io/hub/a:1@${B}`, lookups: [`image o.io/a:1@${B}`] },
  {
    what: 'a digest that the original does not have',
    image: `m.io/hub/a:1@${B}`,
    table: { [`image o.io/a:1@${B}`]: [GONE] },
    lookups: [`image o.io/a:1@${B}`, `tag o.io/a:1@${B}`],
    findings: ['deny violation'],
    message: `image "m.io/hub/a:1@${B}" is not in its original repository "o.io/a": the registry has the tag "1", but not the digest`,
  },
  {
    what: 'a digest that a registry with a visible tag hides',
    image: `m.io/hub/a:1@${B}`,
    parameters: '{onMissing: {digest: unknown}}',
    table: { [`image o.io/a:1@${B}`]: [failed('notFound')] },
    lookups: [`image o.io/a:1@${B}`, `tag o.io/a:1@${B}`],
    findings: ['deny unknown'],
  },
  {
    what: 'a digest without a tag at the original',
    image: `m.io/hub/a:none@${B}`,
    table: { [`image o.io/a:none@${B}`]: [GONE], [`tag o.io/a:none@${B}`]: [GONE] },
    lookups: [`image o.io/a:none@${B}`, `tag o.io/a:none@${B}`],
    findings: ['deny unknown'],
  },
  {
    what: 'a digest that is not there, and a tag that is not known',
    image: `m.io/hub/a:1@${B}`,
    table: { [`image o.io/a:1@${B}`]: [GONE], [`tag o.io/a:1@${B}`]: [failed('rateLimited')] },
    lookups: [`image o.io/a:1@${B}`, `tag o.io/a:1@${B}`],
    findings: ['warn unknown'],
  },
  {
    what: 'only a digest',
    image: `m.io/hub/a@${B}`,
    table: { [`image o.io/a@${B}`]: [GONE] },
    lookups: [`image o.io/a@${B}`],
    findings: ['deny unknown'],
  },
  {
    what: 'a registry that does not tell the digest',
    image: `m.io/hub/a:1@${B}`,
    table: { [`image o.io/a:1@${B}`]: [failed('unauthenticated')] },
    lookups: [`image o.io/a:1@${B}`],
    findings: ['warn unknown'],
  },
  {
    what: 'a mirror that responds in the place of the original',
    image: 'm.io/hub/a:1',
    table: { [ORIGINAL]: [image(A, { mirror: 'm.io/hub' })] },
    lookups: [ORIGINAL, COPY],
    findings: ['warn unknown'],
    message:
      'cannot determine whether the original of image "m.io/hub/a:1" is the same: mirror m.io/hub responded instead of the registry itself',
  },
  {
    what: 'a mirror that responds for the digest',
    image: `m.io/hub/a:1@${B}`,
    table: { [`image o.io/a:1@${B}`]: [image(B, { mirror: 'm.io/hub' })] },
    lookups: [`image o.io/a:1@${B}`],
    findings: ['warn unknown'],
  },
  {
    what: 'an image that another rule denies by its name',
    image: 'm.io/hub/a:1',
    rules: '{rule: image-registry, parameters: {allow: ["good.io/**"]}}',
    lookups: [],
    findings: ['deny violation'],
  },
  {
    what: 'an original that another rule denies by its name',
    image: 'm.io/hub/a:1',
    rules: '{rule: image-registry, parameters: {allow: ["m.io/**"]}}',
    lookups: [ORIGINAL, COPY],
  },
  {
    what: 'a registry in the path',
    image: 'm.io/o.io/a:1',
    rewrite: PATH_OF_REGISTRY,
    lookups: [ORIGINAL, 'image m.io/o.io/a:1'],
  },
  {
    what: 'other rules about the same image',
    image: 'm.io/hub/a:1',
    rules: '{rule: image-exists}',
    lookups: [COPY, ORIGINAL],
  },
];

test.each(ROWS)('$what', async ({ image: text, rewrite = MIRROR, rules, parameters = '{}', table = {}, ...row }) => {
  const { ports, lookups } = registry((lookup) => responseIn(table, lookup));
  const all = ['{rule: mirror-differs, parameters: '.concat(parameters, '}'), ...(rules === undefined ? [] : [rules])];
  const policy = policyOf(`{rewrite: [${rewrite}], rules: [${all.join(', ')}]}`);
  const pod = podOf(`{containers: [{name: c, image: "${text}"}]}`);
  const decision = await ask(requestOf(pod), contextOf([policy], ports));
  const findings = decision.outcome === 'evaluated' ? decision.findings : [];
  expect(findings.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(row.findings ?? []);
  expect(findings.map(({ message }) => message).join('\n')).toContain(row.message ?? '');
  expect(lookups.map((lookup) => lookup.split(' ', 2).join(' '))).toEqual(row.lookups);
});

function responseIn(
  table: NonNullable<Row['table']>,
  { reference, by, refresh }: ImageLookup,
): RegistryFact<RegistryImage> {
  const [first, again] = table[`${by} ${reference.text}`] ?? [];
  return (refresh === true ? again : undefined) ?? first ?? image(A);
}

test('a pin that is stored stays, also if the original no longer has the digest', async () => {
  const { ports } = registry(({ by }) => (by === 'tag' ? image(A) : GONE));
  const policy = policyOf(`{rewrite: [${MIRROR}], rules: [{rule: mirror-differs}]}`);
  const pod = (label: string): ReturnType<typeof podOf> =>
    podOf(`{containers: [{name: c, image: "m.io/hub/a:1@${B}"}]}`, `{name: p, labels: {a: ${label}}}`);
  const request = requestOf(pod('y'), { operation: 'UPDATE', oldObject: pod('x') });
  expect(await ask(request, contextOf([policy], ports))).toMatchObject({
    allowed: true,
    findings: [{ rule: 'mirror-differs', existing: true }],
  });
});

test('the credentials are those for the registry of the original', async () => {
  const { ports, lookups } = registry();
  const policy = policyOf('{rewrite: [{from: "reg.io/**", to: "m.io/hub/**"}], rules: [{rule: mirror-differs}]}');
  const pod = podOf('{imagePullSecrets: [{name: a}], containers: [{name: c, image: "m.io/hub/a:1"}]}');
  await ask(requestOf(pod), contextOf([policy], ports));
  expect(lookups).toEqual(['image reg.io/a:1 [a/reg.io]', 'image m.io/hub/a:1 []']);
});
