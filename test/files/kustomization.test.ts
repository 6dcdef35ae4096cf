/** A kustomization is recognized by its contents: a file with its name can contain an object for kubectl. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { findImages } from '../../src/files/image-locations/find.ts';
import { loadManifests } from '../../src/files/manifests.ts';
import { kindTable } from '../../src/pod/kinds.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-kustomization-'));
afterAll(() => rmSync(folder, { recursive: true }));
const kinds = kindTable();

const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: web, image: nginx}]}\n';
const TYPED = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [pod.yaml]\n';

interface Row {
  readonly file?: string;
  readonly text: string;
  readonly objects?: number;
  readonly errors?: readonly string[];
}

const CASES: Readonly<Record<string, Row>> = {
  'a kustomization without a type': { text: 'resources: [pod.yaml]\n' },
  'a kustomization with its type': { text: TYPED },
  'a kustomization with its type in a file of another name': { file: 'prod.yaml', text: TYPED },
  'a kustomization with only a kind': { text: 'kind: Kustomization\nresources: []\n' },
  'a component with only a kind': { text: 'kind: Component\npatches: []\n' },
  'a Pod in a file with its name': { text: POD, objects: 1 },
  'a Pod in kustomization.yml': { file: 'kustomization.yml', text: POD, objects: 1 },
  'a Pod in Kustomization': { file: 'Kustomization', text: POD, objects: 1 },
  'a Pod behind a kustomization': { text: `resources: []\n---\n${POD}`, objects: 1 },
  'a Pod before a kustomization': { text: `${POD}---\n${TYPED}`, objects: 1 },
  'a List in a file with its name': {
    text: `apiVersion: v1\nkind: List\nitems:\n- ${POD.trim().replaceAll('\n', '\n  ')}\n`,
    objects: 1,
  },
  'a Kustomization of Flux': {
    text: 'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n',
    objects: 1,
  },
  'a Pod without apiVersion': {
    text: POD.replace('apiVersion: v1\n', ''),
    errors: ['not a Kubernetes object: apiVersion is missing'],
  },
  'a group that only begins like that of kustomize': {
    text: POD.replace('v1', 'kustomize.config.k8s.io.evil.example/v1'),
    objects: 1,
  },
  'an apiVersion that is not a string': {
    text: POD.replace('v1', '1'),
    errors: ['not a Kubernetes object: apiVersion is missing'],
  },
};

describe('a file called kustomization.yaml', () => {
  test.each(Object.entries(CASES))(
    '%s',
    async (_what, { file = 'kustomization.yaml', text, objects = 0, errors = [] }) => {
      const at = path.join(folder, file);
      writeFileSync(at, text);
      const loaded = await loadManifests([at], { kinds, namespace: 'default', stdin: process.stdin });
      rmSync(at);
      expect(loaded.errors.map(({ message }) => message)).toEqual(errors);
      expect(loaded.manifests).toHaveLength(objects);
    },
  );

  test('pin reads the Pod behind a kustomization, and the images of both', () => {
    const text = `images: [{name: nginx, newTag: "1.27"}]\n---\n${POD}`;
    const { locations } = findImages('kustomization.yaml', text, { kinds, helmImages: [] });
    expect(locations.map(({ format, image }) => `${format} ${image}`)).toEqual([
      'kustomization nginx:1.27',
      'manifest nginx',
    ]);
  });
});
