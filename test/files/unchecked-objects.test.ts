/** Images that no rule sees are named. */
import { expect, test } from 'vitest';
import { loadManifests } from '../../src/files/manifests.ts';
import { kindTable } from '../../src/pod/kinds.ts';

async function notices(text: string): Promise<readonly string[]> {
  const read = await loadManifests(['-'], {
    kinds: kindTable(),
    namespace: 'shop',
    stdin: (async function* () {
      yield Buffer.from(text);
    })(),
  });
  expect(read.errors).toEqual([]);
  return read.notices.map(({ line, message }) => `${line}: ${message}`);
}

const object = (apiVersion: string, kind: string, spec: string): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: web}\nspec: ${spec}\n`;
const CHART =
  'is input for a Helm chart, which determines the images; render it with "helm template" and check the result';
const SOURCE = 'is rendered by Argo CD; check the output of "argocd app manifests"';
const PATCH = 'is a patch in a string that the controller merges into its Pods; set images in the container itself';
const MANIFEST = 'is a manifest in a string; check the manifest itself';
const KUSTOMIZE = 'contains patches for other manifests; check the patched manifests';
const RENAME =
  'renames images of other manifests, where a digest belongs to the old name; add the tag and the digest here';
const OVERLAY = 'patches the objects that istioctl renders; check the output of "istioctl manifest generate"';
const GPU = 'has a tag that depends on the operating system of the node, which only the operator knows';
const of = (kind: string, rest: string): string => `4: images of ${kind} shop/web are not evaluated: ${rest}`;

test.each([
  [
    'helm.toolkit.fluxcd.io/v2',
    'HelmRelease',
    '{values: {image: {repository: nginx, tag: "1"}}}',
    `/spec/values ${CHART}`,
  ],
  [
    'helm.toolkit.fluxcd.io/v2',
    'HelmRelease',
    '{values: {}, valuesFrom: [{kind: ConfigMap, name: x}]}',
    `/spec/valuesFrom ${CHART}`,
  ],
  [
    'kustomize.toolkit.fluxcd.io/v1',
    'Kustomization',
    '{images: [{name: a, newTag: "1"}, {name: b, newName: m.io/b}]}',
    `/spec/images/1 ${RENAME}`,
  ],
  [
    'helm.toolkit.fluxcd.io/v2',
    'HelmRelease',
    '{postRenderers: [{kustomize: {images: [{name: b, newName: m.io/b, newTag: ""}]}}]}',
    `/spec/postRenderers/0/kustomize/images/0 ${RENAME}`,
  ],
  ...['b=m.io:5000/b', 'b=m.io/b:*', 'docker.io/b=b'].map((text) => [
    'argoproj.io/v1alpha1',
    'Application',
    `{source: {kustomize: {images: ["a=m.io/a:1", "${text}"]}}}`,
    `/spec/source/kustomize/images/1 ${RENAME}`,
  ]),
  ['helm.cattle.io/v1', 'HelmChart', '{valuesContent: "image: x"}', `/spec/valuesContent ${CHART}`],
  [
    'helm.crossplane.io/v1beta1',
    'Release',
    '{forProvider: {values: {image: nginx}}}',
    `/spec/forProvider/values ${CHART}`,
  ],
  ...['pilot: {k8s: ', 'ingressGateways: [{k8s: '].map((start) => [
    'install.istio.io/v1alpha1',
    'IstioOperator',
    `{components: {${start}{overlays: [{kind: Deployment, patches: [{path: "spec.image", value: "m.io/a:1"}]}]}}${start.includes('[') ? ']' : ''}}}`,
    `/spec/components/${start.includes('[') ? 'ingressGateways/0' : 'pilot'}/k8s/overlays ${OVERLAY}`,
  ]),
  ['argoproj.io/v1alpha1', 'Application', '{source: {helm: {values: "image: x"}}}', `/spec/source/helm ${SOURCE}`],
  [
    'argoproj.io/v1alpha1',
    'Application',
    '{sources: [{path: x}, {helm: {parameters: [{name: image.tag, value: "1"}]}}]}',
    `/spec/sources/1/helm ${SOURCE}`,
  ],
  [
    'argoproj.io/v1alpha1',
    'ApplicationSet',
    '{template: {spec: {source: {helm: {valuesObject: {image: a}}}}}}',
    `/spec/template/spec/source/helm ${SOURCE}`,
  ],
  [
    'argoproj.io/v1alpha1',
    'Workflow',
    '{podSpecPatch: "containers: [{name: main, image: a}]"}',
    `/spec/podSpecPatch ${PATCH}`,
  ],
  ['argoproj.io/v1alpha1', 'Workflow', '{podSpecPatch: "{{workflow.parameters.p}}"}', `/spec/podSpecPatch ${PATCH}`],
  [
    'argoproj.io/v1alpha1',
    'WorkflowTemplate',
    '{templates: [{resource: {action: create, manifest: "kind: Pod\\nspec: {containers: [{image: a}]}"}}]}',
    `/spec/templates/0/resource/manifest ${MANIFEST}`,
  ],
  [
    'argoproj.io/v1alpha1',
    'Workflow',
    '{templates: [{dag: {tasks: [{inline: {podSpecPatch: "{containers: [{image: a}]}"}}]}}]}',
    `/spec/templates/0/dag/tasks/0/inline/podSpecPatch ${PATCH}`,
  ],
  [
    'argoproj.io/v1alpha1',
    'Workflow',
    '{artifactGC: {podSpecPatch: "{containers: [{image: a}]}"}}',
    `/spec/artifactGC/podSpecPatch ${PATCH}`,
  ],
  [
    'kustomize.toolkit.fluxcd.io/v1',
    'Kustomization',
    '{patches: [{patch: "- {op: replace, path: /spec/template/spec/containers/0/image, value: a}"}]}',
    `/spec/patches ${KUSTOMIZE}`,
  ],
  [
    'argoproj.io/v1alpha1',
    'Application',
    '{source: {kustomize: {patches: [{patch: "image: a"}]}}}',
    `/spec/source/kustomize/patches ${KUSTOMIZE}`,
  ],
  [
    'argoproj.io/v1alpha1',
    'ApplicationSet',
    '{templatePatch: "spec: {source: {kustomize: {images: [a]}}}"}',
    `/spec/templatePatch ${SOURCE}`,
  ],
  ['sailoperator.io/v1', 'Istio', '{values: {pilot: {image: a}}}', `/spec/values ${CHART}`],
  ['nvidia.com/v1alpha1', 'NVIDIADriver', '{image: driver, version: "1"}', `/spec/image ${GPU}`],
  [
    'argoproj.io/v1alpha1',
    'CronWorkflow',
    '{workflowSpec: {templates: [{podSpecPatch: "image: x"}]}}',
    `/spec/workflowSpec/templates/0/podSpecPatch ${PATCH}`,
  ],
])('%s %s %s', async (apiVersion, kind, spec, rest) => {
  expect(await notices(object(apiVersion, kind, spec))).toEqual([of(kind, rest)]);
});

test.each([
  ['argoproj.io/v1alpha1', 'Application', '{source: {path: x}}'],
  ['argoproj.io/v1alpha1', 'Workflow', '{podSpecPatch: ""}'],
  ['argoproj.io/v1alpha1', 'Workflow', '{templates: []}'],
  ['argoproj.io/v1alpha1', 'Workflow', '{podSpecPatch: "{terminationGracePeriodSeconds: 5}"}'],
  ['argoproj.io/v1alpha1', 'Workflow', '{templates: [{resource: {manifest: "kind: ConfigMap"}}]}'],
  ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization', '{patches: [{patch: "- {op: remove, path: /spec/replicas}"}]}'],
  ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization', '{images: [{name: b, newName: m.io/b, newTag: "1"}]}'],
  ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization', '{images: [text, {name: b, newName: ""}]}'],
  ['argoproj.io/v1alpha1', 'Application', '{source: {kustomize: {images: ["b=m.io:5000/b:1", "c:2"]}}}'],
  ['helm.toolkit.fluxcd.io/v2', 'HelmRelease', '{}'],
  ['argoproj.io/v1alpha1', 'ApplicationSet', '{template: {spec: {source: text}}}'],
])('nothing is said of %s %s %s', async (apiVersion, kind, spec) => {
  const outcome = await notices(object(apiVersion, kind, spec)).catch((error: unknown) => error);
  expect(outcome).toEqual([]);
});

test('many of a kind get one notice', async () => {
  const release = object('helm.toolkit.fluxcd.io/v2', 'HelmRelease', '{values: {a: 1}}');
  expect(await notices(`${release}---\n${release}---\n${release}`)).toEqual([
    `4: images of 3 objects of kind "HelmRelease" are not evaluated: /spec/values ${CHART}`,
  ]);
});

test.each([
  ['ko://example.com/cmd/web', true],
  ['$(params.image)', true],
  ['r.io/app:{{ .Values.tag }}', true],
  ['https://example.com/logo.png', false],
  ['data:image/png;base64,AAAA', false],
  ['A picture of a cat', false],
])('an image %j of an unknown kind has a notice: %s', async (image, has) => {
  expect(await notices(object('example.com/v1', 'Runner', `{image: "${image}"}`))).toEqual(
    has
      ? [
          '2: Runner shop/web is not evaluated: kind "Runner" in the API group "example.com" is unknown and contains an image at /spec/image',
        ]
      : [],
  );
});
