/**
 * Where kinds hold or bring images that cannot be read from the object: what a chart makes of values, or what is merged into
 * pods as a text. The second table of kinds beside `kinds.ts`; a kind may be in both.
 */
import { isObject, type JsonObject, type Location, locationsAt, pointerSegments, ShapeError } from './pointer.ts';

export interface UnreadImages {
  /** RFC 6901; of the first location that the object has. */
  readonly pointer: string;
  /** Half a sentence. */
  readonly why: string;
}

interface Entry {
  readonly locations: readonly string[];
  readonly why: string;
  /** Whether a value counts; without it, each does. */
  readonly only?: (value: unknown) => boolean;
}

const CHART =
  'is input for a Helm chart, which determines the images; render it with "helm template" and check the result';
const SOURCE = 'is rendered by Argo CD; check the output of "argocd app manifests"';
const PATCH = 'is a patch in a string that the controller merges into its Pods; set images in the container itself';

const MANIFEST = 'is a manifest in a string; check the manifest itself';
const KUSTOMIZE = 'contains patches for other manifests; check the patched manifests';
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

/** By group and kind. */
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
  'install.istio.io/IstioOperator': [{ locations: ['/spec/hub', '/spec/tag', '/spec/values'], why: CHART }],
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

/** Undefined: all images of the object are read, or nothing is known of its kind. */
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

/** Or may be after its placeholders are filled in: most patches are not. */
function isAboutImages(value: unknown): boolean {
  return /image|\{\{|\$\{/i.test(JSON.stringify(value));
}

/** Flux: an entry as in a kustomization. Argo CD: `name=newName` as a text, where `*` keeps the tag. */
function isRename(value: unknown): boolean {
  if (typeof value === 'string') return /^[^=]+=[^@]+$/.test(value) && !/:[^/*]+$/.test(value);
  if (!isObject(value) || isEmpty(value['newName'] ?? '')) return false;
  return [value['newTag'], value['digest']].every((part) => isEmpty(part ?? ''));
}

/** Places with something in them. */
function present(object: JsonObject, pointer: string): readonly Location[] {
  try {
    return locationsAt(object, pointerSegments(pointer)).filter((location) => !isEmpty(location.value));
  } catch (error) {
    // Of another shape, and so not what the table speaks of.
    if (error instanceof ShapeError) return [];
    throw error;
  }
}

function isEmpty(value: unknown): boolean {
  if (value === '' || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}
