/** `check` and `pin` split the lists that kubectl splits: all three read the same documents. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { findImages } from '../../src/files/image-locations/find.ts';
import { loadManifests, type Manifests } from '../../src/files/manifests.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { kubectlMissing } from '../support/kubectl.ts';
import { describeWith } from '../support/real-part.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-lists-'));
afterAll(() => rmSync(folder, { recursive: true }));
const kinds = kindTable();

interface ListCase {
  readonly what: string;
  readonly value: unknown;
  /** `KIND NAME` of what is applied; undefined: kubectl refuses the document. */
  readonly applied?: readonly string[];
  /** Objects that only `check` and `pin` read, because other clients may apply them. */
  readonly more?: readonly string[];
  /** The errors of `check` about objects that cannot be applied. */
  readonly errors?: readonly string[];
  /** How many images `pin` reads, where it is not one for each Pod above. */
  readonly images?: number;
}

const spec = { containers: [{ name: 'web', image: 'nginx:1.27' }] };
const item = (name: string, more: object = {}): object => ({ metadata: { name }, spec, ...more });
const pod = (name: string, more: object = {}): object => item(name, { apiVersion: 'v1', kind: 'Pod', ...more });
const list = (items: unknown, more: object = {}): object => ({ apiVersion: 'v1', kind: 'List', items, ...more });
const refusedItems = (found: string): string =>
  `expected a list, found ${found}; kubectl treats every object with "items" as a list`;

const CASES: readonly ListCase[] = [
  { what: 'a List', value: list([pod('a'), pod('b')]), applied: ['Pod a', 'Pod b'] },
  { what: 'a typed list', value: list([item('a')], { kind: 'PodList' }), applied: ['Pod a'] },
  { what: 'a Deployment', value: list([pod('a')], { apiVersion: 'apps/v1', kind: 'Deployment' }), applied: ['Pod a'] },
  { what: 'a ConfigMap', value: list([pod('a')], { kind: 'ConfigMap', data: { a: 'b' } }), applied: ['Pod a'] },
  { what: 'an unknown kind', value: list([pod('a')], { apiVersion: 'example.com/v1', kind: 'W' }), applied: ['Pod a'] },
  {
    what: 'a kustomization of kustomize',
    value: list([pod('a')], { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' }),
    applied: ['Pod a'],
  },
  {
    what: 'an AdmissionReview',
    value: list([pod('a')], { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }),
    applied: ['Pod a'],
  },
  {
    what: 'a policy of ours',
    value: list([pod('a')], { apiVersion: 'tidewaiter.dev/v1alpha1', kind: 'ImagePolicy' }),
    applied: ['Pod a'],
  },
  { what: 'a kind without List whose items have none', value: list([item('a')], { kind: 'Pod' }), applied: ['Pod a'] },
  { what: 'a kind that ends in List twice', value: list([item('a')], { kind: 'PodListList' }), applied: ['PodList a'] },
  {
    what: 'a kind that is not a string in an item',
    value: list([item('a', { kind: 5 })], { kind: 'PodList' }),
    applied: ['Pod a'],
  },
  { what: 'a list without apiVersion', value: { kind: 'List', items: [pod('a')] }, applied: ['Pod a'] },
  { what: 'an empty list', value: list([]), applied: [] },
  { what: 'no list at all', value: list(null), applied: [] },
  { what: 'a Pod that is an empty list', value: pod('a', { items: [] }), applied: [], more: ['Pod a'] },
  { what: 'a Pod whose items are null', value: pod('a', { items: null }), applied: [], more: ['Pod a'] },
  { what: 'a Pod with a Pod in it', value: pod('a', { items: [pod('b')] }), applied: ['Pod b'], more: ['Pod a'] },
  { what: 'another spelling of items', value: pod('a', { Items: [pod('b')] }), applied: ['Pod a'] },
  { what: 'items deeper down', value: pod('a', { status: { items: [pod('b')] } }), applied: ['Pod a'] },
  { what: 'null items in an item', value: list([pod('a', { items: null })]), applied: ['Pod a'] },
  { what: 'a List in a List', value: list([list([pod('a')]), pod('b')]), more: ['Pod a', 'Pod b'] },
  { what: 'a typed list in a List', value: list([list([item('a')], { kind: 'PodList' })]), more: ['Pod a'] },
  {
    what: 'items that are a map',
    value: pod('a', { items: { b: 1 } }),
    images: 1,
    errors: [refusedItems('an object')],
  },
  { what: 'items that are a text', value: list('x'), errors: [refusedItems('a string')] },
  {
    what: 'items that are a number in a CronJob',
    value: { apiVersion: 'batch/v1', kind: 'CronJob', items: 3 },
    errors: [refusedItems('a number')],
  },
  {
    what: 'an item with a kind alone',
    value: list([item('a', { kind: 'Pod' }), pod('b')], { kind: 'PodList' }),
    applied: ['Pod b'],
    images: 2,
    errors: ['not a Kubernetes object: apiVersion is missing'],
  },
  {
    what: 'an item with an apiVersion alone',
    value: list([pod('b'), item('a', { apiVersion: 'v1' })], { kind: 'PodList' }),
    applied: ['Pod b'],
    errors: ['not a Kubernetes object: kind is missing'],
  },
  {
    what: 'an item of a List without a type',
    value: list([item('a')]),
    applied: [],
    errors: ['not a Kubernetes object: kind is missing'],
  },
  {
    what: 'a list without a kind',
    value: { apiVersion: 'v1', items: [pod('a')] },
    more: ['Pod a'],
    images: 0,
    errors: ['not a Kubernetes object: kind is missing'],
  },
  {
    what: 'an item that is a number',
    value: list([5]),
    errors: ['not a Kubernetes object: expected apiVersion and kind, found a number'],
  },
];

async function load(value: unknown): Promise<Manifests> {
  const file = path.join(folder, 'list.json');
  writeFileSync(file, JSON.stringify(value));
  return loadManifests([file], { kinds, namespace: 'default', stdin: process.stdin });
}

describe('a document with items', () => {
  test.each(CASES)('$what', async ({ value, applied = [], more = [], errors = [] }) => {
    const { manifests, errors: found } = await load(value);
    expect(found.map(({ message }) => message)).toEqual(errors);
    const read = manifests.map(({ request }) => `${request.type.kind} ${request.name}`).sort();
    expect(read).toEqual([...applied, ...more].sort());
  });

  test.each(CASES)('$what: pin reads the images in it', ({ value, applied = [], more = [], images }) => {
    const { locations } = findImages('list.json', JSON.stringify(value), { kinds, helmImages: [] });
    expect(locations).toHaveLength(images ?? [...applied, ...more].filter((name) => name.startsWith('Pod ')).length);
  });
});

describeWith(kubectlMissing, 'kubectl', () => {
  test.each(CASES)('$what: reads the same objects', ({ value, applied }) => {
    const { status, stdout } = spawnSync('kubectl', ['annotate', '--local', '-f', '-', 'a=1', '-o', 'json'], {
      input: JSON.stringify(value),
      encoding: 'utf8',
    });
    const printed = stdout.split(/(?<=^\}\n)/m).filter((part) => part.trim() !== '');
    const read = printed.map((part) => {
      const { kind, metadata } = JSON.parse(part) as { kind: string; metadata: { name: string } };
      return `${kind} ${metadata.name}`;
    });
    expect(read.sort()).toEqual([...(applied ?? [])].sort());
    if (applied === undefined) expect(status).toBe(1);
  });
});
