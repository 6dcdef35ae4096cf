/**
 * Where kinds hold or bring images that cannot be read from the object: what a chart makes of values, or what is merged into
 * pods as a text. The second table of kinds beside `kinds.ts`; a kind may be in both.
 */
import { isObject, type JsonObject, type Place, placesAt, pointerSegments, ShapeError } from './pointer.ts';

export interface UnreadImages {
  /** RFC 6901; of the first place that the object has. */
  readonly pointer: string;
  /** Half a sentence. */
  readonly why: string;
}

interface Entry {
  readonly places: readonly string[];
  readonly why: string;
  /** Only if it speaks of images, or may after its placeholders are filled in: most patches do not. */
  readonly ifAboutImages?: true;
}

const CHART =
  'holds Helm values, and only the chart knows which images they mean; render it with "helm template" and check the result';
const SOURCE = 'is rendered by Argo CD; check what it renders ("argocd app manifests" prints it)';
const PATCH = 'is a patch in a text that the controller merges into its pods; put images into the container itself';

const MANIFEST = 'is a manifest in a text; check the manifest itself';
const KUSTOMIZE = 'holds patches that are applied to manifests elsewhere; check what comes of them';
const GPU = 'gets the operating system of the node in its tag, which only the operator knows';

const sources = (at: string): string[] => [`${at}/source/helm`, `${at}/sources/*/helm`];

const argoTemplates = (at: string): string[] => [
  `${at}/templateDefaults`,
  `${at}/templates/*`,
  `${at}/templates/*/steps/*/*/inline`,
  `${at}/templates/*/dag/tasks/*/inline`,
];

const argoTexts = (at: string): readonly Entry[] => [
  {
    places: [at, `${at}/artifactGC`, ...argoTemplates(at)].map((place) => `${place}/podSpecPatch`),
    why: PATCH,
    ifAboutImages: true,
  },
  { places: argoTemplates(at).map((place) => `${place}/resource/manifest`), why: MANIFEST, ifAboutImages: true },
];

const kustomizePatches = (places: readonly string[]): Entry => ({ places, why: KUSTOMIZE, ifAboutImages: true });

const argoCdPatches = (at: string): Entry =>
  kustomizePatches(['source', 'sources/*'].map((source) => `${at}/${source}/kustomize/patches`));

/** By group and kind. */
const UNREAD: Readonly<Record<string, readonly Entry[]>> = {
  'helm.toolkit.fluxcd.io/HelmRelease': [
    { places: ['/spec/values', '/spec/valuesFrom', '/spec/chart', '/spec/chartRef'], why: CHART },
  ],
  'kustomize.toolkit.fluxcd.io/Kustomization': [
    kustomizePatches(['/spec/patches', '/spec/patchesStrategicMerge', '/spec/patchesJson6902']),
  ],
  'helm.cattle.io/HelmChart': [{ places: ['/spec/valuesContent', '/spec/set', '/spec/chart'], why: CHART }],
  'helm.cattle.io/HelmChartConfig': [{ places: ['/spec/valuesContent'], why: CHART }],
  'helm.crossplane.io/Release': [
    { places: ['/spec/forProvider/values', '/spec/forProvider/set', '/spec/forProvider/chart'], why: CHART },
  ],
  'addons.cluster.x-k8s.io/HelmChartProxy': [{ places: ['/spec/valuesTemplate', '/spec/chartName'], why: CHART }],
  'sailoperator.io/Istio': [{ places: ['/spec/values'], why: CHART }],
  'sailoperator.io/IstioCNI': [{ places: ['/spec/values'], why: CHART }],
  'sailoperator.io/ZTunnel': [{ places: ['/spec/values'], why: CHART }],
  'install.istio.io/IstioOperator': [{ places: ['/spec/hub', '/spec/tag', '/spec/values'], why: CHART }],
  'argoproj.io/Application': [{ places: sources('/spec'), why: SOURCE }, argoCdPatches('/spec')],
  'argoproj.io/ApplicationSet': [
    { places: sources('/spec/template/spec'), why: SOURCE },
    argoCdPatches('/spec/template/spec'),
    { places: ['/spec/templatePatch'], why: SOURCE, ifAboutImages: true },
  ],
  'argoproj.io/Workflow': argoTexts('/spec'),
  'argoproj.io/WorkflowTemplate': argoTexts('/spec'),
  'argoproj.io/ClusterWorkflowTemplate': argoTexts('/spec'),
  'argoproj.io/CronWorkflow': argoTexts('/spec/workflowSpec'),
  'nvidia.com/ClusterPolicy': [{ places: ['/spec/driver/image', '/spec/vgpuManager/image'], why: GPU }],
  'nvidia.com/NVIDIADriver': [{ places: ['/spec/image'], why: GPU }],
  'fleet.cattle.io/Bundle': [
    { places: ['/spec/resources', '/spec/helm'], why: 'holds files in texts; check the files themselves' },
  ],
  'addons.cluster.x-k8s.io/ClusterResourceSet': [
    {
      places: ['/spec/resources'],
      why: 'names ConfigMaps and Secrets that hold manifests; check the manifests themselves',
    },
  ],
};

/** Undefined: all images of the object are read, or nothing is known of its kind. */
export function unreadImagesIn(object: JsonObject, group: string, kind: string): UnreadImages | undefined {
  const name = `${group}/${kind}`;
  const entries = Object.hasOwn(UNREAD, name) ? UNREAD[name] : undefined;
  return entries?.flatMap((entry) => foundBy(entry, object))[0];
}

function foundBy({ places, why, ifAboutImages }: Entry, object: JsonObject): readonly UnreadImages[] {
  return places
    .flatMap((pointer) => present(object, pointer))
    .filter(({ value }) => ifAboutImages === undefined || /image|\{\{|\$\{/i.test(JSON.stringify(value)))
    .map(({ pointer }) => ({ pointer, why }));
}

/** Places with something in them. */
function present(object: JsonObject, pointer: string): readonly Place[] {
  try {
    return placesAt(object, pointerSegments(pointer)).filter((place) => !isEmpty(place.value));
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
