/**
 * Kinds with images that cannot be read from the object, for example images from Helm charts, or in patches inside strings.
 * A kind can be in this table and in that of `kinds.ts`.
 */
import { isObject, type JsonObject, type Location, locationsAt, pointerSegments, ShapeError } from './pointer.ts';

export interface UnreadImages {
  /** RFC 6901; the first location that exists in the object. */
  readonly pointer: string;
  /** The rest of a sentence that begins with the pointer. */
  readonly why: string;
}

interface Entry {
  readonly locations: readonly string[];
  readonly why: string;
  /** Selects the values that count; by default all. */
  readonly only?: (value: unknown) => boolean;
}

const CHART =
  'is input for a Helm chart, which determines the images; render it with "helm template" and check the result';
const SOURCE = 'is rendered by Argo CD; check the output of "argocd app manifests"';
const PATCH = 'is a patch in a string that the controller merges into its Pods; set images in the container itself';

const MANIFEST = 'is a manifest in a string; check the manifest itself';
const KUSTOMIZE = 'contains patches for other manifests; check the patched manifests';
const OVERLAY = 'patches the objects that istioctl renders; check the output of "istioctl manifest generate"';
const RENAME =
  'renames images of other manifests, where a digest belongs to the old name; add the tag and the digest here';
const GPU = 'has a tag that depends on the operating system of the node, which only the operator knows';

const sources = (at: string): string[] => [`${at}/source/helm`, `${at}/sources/*/helm`];

const argoTemplates = (at: string): string[] => [
  `${at}/templateDefaults`,
  `${at}/templates/*`,
  `${at}/templates/*/steps/*/*/inline`,
  `${at}/templates/*/dag/tasks/*/inline`,
];

const argoTexts = (at: string): readonly Entry[] => [
  {
    locations: [at, `${at}/artifactGC`, ...argoTemplates(at)].map((location) => `${location}/podSpecPatch`),
    why: PATCH,
    only: isAboutImages,
  },
  {
    locations: argoTemplates(at).map((location) => `${location}/resource/manifest`),
    why: MANIFEST,
    only: isAboutImages,
  },
];

const kustomizePatches = (locations: readonly string[]): Entry => ({ locations, why: KUSTOMIZE, only: isAboutImages });

const renames = (...locations: readonly string[]): Entry => ({ locations, why: RENAME, only: isRename });

const argoCdKustomize = (at: string): readonly Entry[] => {
  const holders = ['source', 'sources/*'].map((source) => `${at}/${source}/kustomize`);
  return [
    kustomizePatches(holders.map((holder) => `${holder}/patches`)),
    renames(...holders.map((holder) => `${holder}/images/*`)),
  ];
};

/** By `group/kind`. */
const UNREAD: Readonly<Record<string, readonly Entry[]>> = {
  'helm.toolkit.fluxcd.io/HelmRelease': [
    { locations: ['/spec/values', '/spec/valuesFrom', '/spec/chart', '/spec/chartRef'], why: CHART },
    renames('/spec/postRenderers/*/kustomize/images/*'),
  ],
  'kustomize.toolkit.fluxcd.io/Kustomization': [
    kustomizePatches(['/spec/patches', '/spec/patchesStrategicMerge', '/spec/patchesJson6902']),
    renames('/spec/images/*'),
  ],
  'helm.cattle.io/HelmChart': [{ locations: ['/spec/valuesContent', '/spec/set', '/spec/chart'], why: CHART }],
  'helm.cattle.io/HelmChartConfig': [{ locations: ['/spec/valuesContent'], why: CHART }],
  'helm.crossplane.io/Release': [
    { locations: ['/spec/forProvider/values', '/spec/forProvider/set', '/spec/forProvider/chart'], why: CHART },
  ],
  'addons.cluster.x-k8s.io/HelmChartProxy': [{ locations: ['/spec/valuesTemplate', '/spec/chartName'], why: CHART }],
  'sailoperator.io/Istio': [{ locations: ['/spec/values'], why: CHART }],
  'sailoperator.io/IstioCNI': [{ locations: ['/spec/values'], why: CHART }],
  'sailoperator.io/ZTunnel': [{ locations: ['/spec/values'], why: CHART }],
  'install.istio.io/IstioOperator': [
    { locations: ['/spec/hub', '/spec/tag', '/spec/values'], why: CHART },
    {
      locations: ['*', 'ingressGateways/*', 'egressGateways/*'].map((one) => `/spec/components/${one}/k8s/overlays`),
      why: OVERLAY,
      only: isAboutImages,
    },
  ],
  'argoproj.io/Application': [{ locations: sources('/spec'), why: SOURCE }, ...argoCdKustomize('/spec')],
  'argoproj.io/ApplicationSet': [
    { locations: sources('/spec/template/spec'), why: SOURCE },
    ...argoCdKustomize('/spec/template/spec'),
    { locations: ['/spec/templatePatch'], why: SOURCE, only: isAboutImages },
  ],
  'argoproj.io/Workflow': argoTexts('/spec'),
  'argoproj.io/WorkflowTemplate': argoTexts('/spec'),
  'argoproj.io/ClusterWorkflowTemplate': argoTexts('/spec'),
  'argoproj.io/CronWorkflow': argoTexts('/spec/workflowSpec'),
  'nvidia.com/ClusterPolicy': [{ locations: ['/spec/driver/image', '/spec/vgpuManager/image'], why: GPU }],
  'nvidia.com/NVIDIADriver': [{ locations: ['/spec/image'], why: GPU }],
  'fleet.cattle.io/Bundle': [
    { locations: ['/spec/resources', '/spec/helm'], why: 'contains files as strings; check the files themselves' },
  ],
  'addons.cluster.x-k8s.io/ClusterResourceSet': [
    {
      locations: ['/spec/resources'],
      why: 'names ConfigMaps and Secrets that contain manifests; check the manifests themselves',
    },
  ],
};

/** Returns `undefined` if all images of the object are read, or if its kind is unknown. */
export function unreadImagesIn(object: JsonObject, group: string, kind: string): UnreadImages | undefined {
  const name = `${group}/${kind}`;
  const entries = Object.hasOwn(UNREAD, name) ? UNREAD[name] : undefined;
  return entries?.flatMap((entry) => foundBy(entry, object))[0];
}

function foundBy({ locations, why, only = () => true }: Entry, object: JsonObject): readonly UnreadImages[] {
  return locations
    .flatMap((pointer) => present(object, pointer))
    .filter(({ value }) => only(value))
    .map(({ pointer }) => ({ pointer, why }));
}

/** Reports whether a patch can affect images, possibly through placeholders. Most patches do not. */
function isAboutImages(value: unknown): boolean {
  return /image|\{\{|\$\{/i.test(JSON.stringify(value));
}

/** Flux has entries as in a kustomization, Argo CD strings such as `name=newName`, where `*` keeps the tag. */
function isRename(value: unknown): boolean {
  if (typeof value === 'string') return /^[^=]+=[^@]+$/.test(value) && !/:[^/*]+$/.test(value);
  if (!isObject(value) || isEmpty(value['newName'] ?? '')) return false;
  return [value['newTag'], value['digest']].every((part) => isEmpty(part ?? ''));
}

/** Returns the locations with a value that is not empty. */
function present(object: JsonObject, pointer: string): readonly Location[] {
  try {
    return locationsAt(object, pointerSegments(pointer)).filter((location) => !isEmpty(location.value));
  } catch (error) {
    // A value of another shape does not match the table.
    if (error instanceof ShapeError) return [];
    throw error;
  }
}

function isEmpty(value: unknown): boolean {
  if (value === '' || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}
