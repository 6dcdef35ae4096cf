import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { POD } from '../recording/lines.ts';
import { runCommand } from '../support/command.ts';
import { inOwnFolders } from '../support/own-folders.ts';

inOwnFolders('replay-objects');

interface Row {
  readonly operation: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly allowed: boolean;
  readonly uid: string;
}

interface Replayed {
  readonly code: number;
  readonly reviews: readonly Row[];
  readonly errors: readonly { readonly message: string; readonly line: number | null }[];
  readonly notices: readonly { readonly message: string }[];
}

async function replayOf(...args: readonly string[]): Promise<Replayed> {
  const { code, out, note } = await runCommand(['replay', ...args, '--all', '-o', 'json']);
  if (out === '') throw new Error(note);
  return { ...(JSON.parse(out) as Omit<Replayed, 'code'>), code };
}

const template = { spec: { containers: [{ name: 'web', image: 'nginx' }] } };
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { template } };
const SERVICE = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } };
const live = (object: object, name: string): object => ({
  ...object,
  metadata: { name, namespace: 'shop', uid: name, resourceVersion: '1', managedFields: [] },
  status: {},
});
/** The items of a typed list have no type. */
const untyped = ({ apiVersion: _version, kind: _kind, ...rest }: Record<string, unknown>): object => rest;
const yaml = (objects: readonly object[]): string => objects.map((one) => `---\n${JSON.stringify(one)}\n`).join('');

describe('replay of objects', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['a manifest', yaml([DEPLOYMENT]), ['CREATE Deployment default/web false']],
    ['several documents', yaml([POD, DEPLOYMENT]), ['CREATE Pod shop/web true', 'CREATE Deployment default/web false']],
    [
      'a list of kubectl get',
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [live(POD, 'a'), live(DEPLOYMENT, 'b')] }),
      ['CREATE Pod shop/a true', 'CREATE Deployment shop/b false'],
    ],
    [
      'a list of one kind',
      JSON.stringify({ apiVersion: 'apps/v1', kind: 'DeploymentList', items: [untyped(DEPLOYMENT)] }),
      ['CREATE Deployment default/web false'],
    ],
    ['objects without images among others', yaml([SERVICE, POD]), ['CREATE Pod shop/web true']],
  ];

  test.each(cases)('evaluates their creation: %s', async (_name, text, expected) => {
    writeFileSync('in.yaml', text);
    const { code, reviews } = await replayOf('in.yaml');
    expect(
      reviews.map(
        ({ operation, kind, namespace, name, allowed }) => `${operation} ${kind} ${namespace}/${name} ${allowed}`,
      ),
    ).toEqual(expected);
    expect(code).toBe(0);
  });

  test('compares two sets of policies', async () => {
    const policy = (action: string): string =>
      `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: {rules: [{rule: image-tag, parameters: {deny: [latest]}, action: ${action}}]}\n`;
    writeFileSync('today.yaml', policy('warn'));
    writeFileSync('tomorrow.yaml', policy('deny'));
    mkdirSync('deploy');
    writeFileSync('deploy/web.yaml', yaml([DEPLOYMENT, POD]));
    const { code, out, note } = await runCommand([
      'replay',
      'deploy',
      '-p',
      'today.yaml',
      '--against',
      'tomorrow.yaml',
    ]);
    expect({ code, out, note }).toMatchObject({
      code: 1,
      out: expect.stringMatching(/newly denied[^]*Deployment default\/web/) as string,
    });
  });

  test('gives an object the same UID each time, so that it is always in the same shard', async () => {
    writeFileSync('in.yaml', yaml([DEPLOYMENT, POD]));
    const [one, other] = [await replayOf('in.yaml'), await replayOf('in.yaml')];
    expect(one.reviews.map(({ uid }) => uid)).toEqual(other.reviews.map(({ uid }) => uid));
    expect(new Set(one.reviews.map(({ uid }) => uid)).size).toBe(2);
  });

  test('says that objects without images are not evaluated', async () => {
    writeFileSync('in.yaml', yaml([SERVICE, POD, SERVICE]));
    expect((await replayOf('in.yaml')).notices.map(({ message }) => message)).toEqual([
      '"in.yaml" contains 2 objects that are not evaluated: their kinds have no images',
    ]);
    writeFileSync('in.yaml', yaml([SERVICE]));
    const { code, errors } = await replayOf('in.yaml');
    expect({ code, errors }).toMatchObject({ code: 2, errors: [{ message: 'no AdmissionReview found' }] });
  });

  test('evaluates the kinds of the configuration', async () => {
    const entry = { group: 'example.com', kind: 'Shop', podSpecs: ['/spec/template/spec'] };
    writeFileSync('tidewaiter.yaml', JSON.stringify({ kinds: [entry] }));
    writeFileSync('in.yaml', yaml([{ ...DEPLOYMENT, apiVersion: 'example.com/v1', kind: 'Shop' }]));
    expect((await replayOf('in.yaml')).reviews).toMatchObject([{ kind: 'Shop', allowed: false }]);
  });

  test('names what is wrong with an object', async () => {
    writeFileSync('in.yaml', yaml([{ ...POD, metadata: { name: 7 } }, POD]));
    const { code, errors, reviews } = await replayOf('in.yaml');
    expect({ code, errors, reviews }).toMatchObject({
      code: 2,
      errors: [{ line: 2, message: '/metadata/name: expected a string, found a number' }],
      reviews: [{ name: 'web' }],
    });
  });
});
