/**
 * Where kinds hold or bring images that cannot be read from the object: what a chart makes of values, or what is merged into
 * pods as a text. The second table of kinds beside `kinds.ts`; a kind may be in both.
 */
import { isObject, type JsonObject, placesAt, pointerSegments, ShapeError } from './pointer.ts';

export interface UnreadImages {
  /** RFC 6901; of the first place that the object has. */
  readonly pointer: string;
  /** Half a sentence. */
  readonly why: string;
}

interface Entry {
  readonly places: readonly string[];
  readonly why: string;
}

const CHART =
  'holds Helm values, and only the chart knows which images they mean; render it with "helm template" and check the result';
const SOURCE = 'is rendered by Argo CD; check what it renders ("argocd app manifests" prints it)';
const PATCH = 'is a patch in a text that the controller merges into its pods; put images into the container itself';

const sources = (at: string): string[] => [`${at}/source/helm`, `${at}/sources/*/helm`];
const patches = (at: string): string[] => [`${at}/podSpecPatch`, `${at}/templates/*/podSpecPatch`];

/** By group and kind. */
const UNREAD: Readonly<Record<string, Entry>> = {
  'helm.toolkit.fluxcd.io/HelmRelease': {
    places: ['/spec/values', '/spec/valuesFrom', '/spec/chart', '/spec/chartRef'],
    why: CHART,
  },
  'helm.cattle.io/HelmChart': { places: ['/spec/valuesContent', '/spec/set', '/spec/chart'], why: CHART },
  'helm.cattle.io/HelmChartConfig': { places: ['/spec/valuesContent'], why: CHART },
  'helm.crossplane.io/Release': {
    places: ['/spec/forProvider/values', '/spec/forProvider/set', '/spec/forProvider/chart'],
    why: CHART,
  },
  'addons.cluster.x-k8s.io/HelmChartProxy': { places: ['/spec/valuesTemplate', '/spec/chartName'], why: CHART },
  'argoproj.io/Application': { places: sources('/spec'), why: SOURCE },
  'argoproj.io/ApplicationSet': { places: sources('/spec/template/spec'), why: SOURCE },
  'argoproj.io/Workflow': { places: patches('/spec'), why: PATCH },
  'argoproj.io/WorkflowTemplate': { places: patches('/spec'), why: PATCH },
  'argoproj.io/ClusterWorkflowTemplate': { places: patches('/spec'), why: PATCH },
  'argoproj.io/CronWorkflow': { places: patches('/spec/workflowSpec'), why: PATCH },
  'nvidia.com/ClusterPolicy': {
    places: ['/spec/driver/image', '/spec/vgpuManager/image'],
    why: 'gets the operating system of the node in its tag, which only the operator knows',
  },
  'nvidia.com/NVIDIADriver': {
    places: ['/spec/image'],
    why: 'gets the operating system of the node in its tag, which only the operator knows',
  },
  'fleet.cattle.io/Bundle': {
    places: ['/spec/resources', '/spec/helm'],
    why: 'holds files in texts; check the files themselves',
  },
  'addons.cluster.x-k8s.io/ClusterResourceSet': {
    places: ['/spec/resources'],
    why: 'names ConfigMaps and Secrets that hold manifests; check the manifests themselves',
  },
};

/** Undefined: all images of the object are read, or nothing is known of its kind. */
export function unreadImagesIn(object: JsonObject, group: string, kind: string): UnreadImages | undefined {
  const name = `${group}/${kind}`;
  const entry = Object.hasOwn(UNREAD, name) ? UNREAD[name] : undefined;
  const place = entry?.places.flatMap((pointer) => present(object, pointer))[0];
  return entry === undefined || place === undefined ? undefined : { pointer: place, why: entry.why };
}

/** Places with something in them. */
function present(object: JsonObject, pointer: string): readonly string[] {
  try {
    return placesAt(object, pointerSegments(pointer)).flatMap((place) => (isEmpty(place.value) ? [] : [place.pointer]));
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
