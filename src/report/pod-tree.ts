/** Formats the summary of a workload as a tree with aligned columns. */
import type {
  ContainerSummary,
  CredentialsSummary,
  ImageSummary,
  PodSummary,
  PortSummary,
  PullSecretsSummary,
  SecretSummary,
  VolumeSummary,
  WorkloadSummary,
} from '../admission/pod-summary.ts';
import { objectLabel } from '../admission/message.ts';
import { quoteValue } from '../image/quote.ts';
import type { Paint } from './paint.ts';

/** A line of the tree: a label and cells. */
interface Row {
  readonly label: string;
  readonly cells: readonly string[];
  readonly ink?: ((text: string) => string) | undefined;
}

export function formatWorkload(summary: WorkloadSummary, ink: Paint): string {
  const { apiVersion, kind, namespace, name, pods, otherImages } = summary;
  const title = objectLabel(kind, namespace ?? undefined, name === '' ? '(no name)' : name);
  const [only] = pods;
  if (apiVersion === 'v1' && kind === 'Pod' && only !== undefined) return podTree(title, only, ink).join('\n');
  const trees = [...pods.map((pod) => podTree('Pod', pod, ink)), ...imageTrees(otherImages)];
  const branches = trees.flatMap((tree, index) => branch(tree, index === trees.length - 1));
  return [ink.bold(title), ...branches].join('\n');
}

/** Indents a tree as a branch of another tree. */
function branch(lines: readonly string[], last: boolean): readonly string[] {
  return lines.map((line, index) => `${index === 0 ? (last ? '└─ ' : '├─ ') : last ? '   ' : '│  '}${line}`);
}

function podTree(title: string, pod: PodSummary, ink: Paint): readonly string[] {
  const rows = podRows(pod, ink);
  const network = pod.hostNetwork ? 'shares the IP address and ports of the node' : 'one IP address for all containers';
  const lines = aligned(rows).map((line, index) => branch([line], index === rows.length - 1)[0] ?? line);
  return [`${ink.bold(title)}  ${ink.dim(network)}`, ...lines];
}

function podRows({ ports, volumes, pullSecrets, containers }: PodSummary, ink: Paint): readonly Row[] {
  return [
    ...listRow('ports', ports.map(portText)),
    ...listRow('volumes', volumes.map(volumeText)),
    { label: 'secrets', cells: [secretsText(pullSecrets)] },
    ...(containers.length === 0 ? [{ label: 'containers', cells: ['none'], ink: ink.yellow }] : []),
    ...containers.map((container) => containerRow(container, pullSecrets, ink)),
  ];
}

const MAX_LISTED = 20;

function listRow(label: string, texts: readonly string[]): readonly Row[] {
  if (texts.length === 0) return [];
  const more = texts.length > MAX_LISTED ? [`and ${texts.length - MAX_LISTED} more`] : [];
  return [{ label, cells: [[...texts.slice(0, MAX_LISTED), ...more].join(', ')] }];
}

function portText({ port, protocol, name, container, hostPort, clash }: PortSummary): string {
  const parts = [
    `${port}/${shown(protocol)}`,
    ...(name === null ? [] : [`(${shown(name)})`]),
    ...(container === null ? [] : [shown(container)]),
    ...(hostPort === null ? [] : [`on host port ${hostPort}`]),
    ...(clash ? ['(conflict)'] : []),
  ];
  return parts.join(' ');
}

function volumeText({ name, type }: VolumeSummary): string {
  return `${shown(name ?? '(no name)')} (${shown(type)})`;
}

export function secretsText({ from, serviceAccount, state, reason, secrets }: PullSecretsSummary): string {
  if (from === 'node') return 'only those of the node: mirror Pods have no pull secrets';
  const account = `ServiceAccount ${shown(serviceAccount)}`;
  if (state === 'none') return `none: ${account} does not exist`;
  if (state === 'unknown') return `unknown: ${reason ?? ''}`;
  const whose = from === 'service-account' ? ` (from ${account})` : '';
  if (secrets.length === 0) return `none${whose}`;
  return `${secrets.slice(0, MAX_LISTED).map(secretText).join(', ')}${whose}`;
}

const STATES: Readonly<Record<SecretSummary['state'], string>> = {
  usable: '',
  ignored: 'ignored: it ',
  malformed: 'malformed, so the kubelet pulls no images: ',
  absent: 'does not exist',
  unknown: 'unknown: ',
};

function secretText({ name, state, reason }: SecretSummary): string {
  return state === 'usable' ? shown(name) : `${shown(name)} (${STATES[state]}${reason ?? ''})`;
}

function containerRow(container: ContainerSummary, secrets: PullSecretsSummary, ink: Paint): Row {
  const { kind, start, name, credentials } = container;
  const label = [...(start === null ? [] : [`start ${start}`]), ...(kind === 'regular' ? [] : [KINDS[kind]])].join(' ');
  return {
    label,
    cells: [shown(name ?? '(no name)'), imageText(container), credentialsText(credentials, secrets)],
    ink: credentials.state === 'found' ? ink.green : credentials.state === 'anonymous' ? ink.dim : ink.yellow,
  };
}

export const KINDS: Readonly<Record<ContainerSummary['kind'], string>> = {
  regular: '',
  init: 'init',
  sidecar: 'sidecar',
  ephemeral: 'ephemeral',
  volume: 'image volume',
};

function imageText({ runtimeRef, image, problem }: ImageSummary): string {
  if (runtimeRef !== null) return shown(runtimeRef);
  return `${image === '' ? '(no image)' : quoteValue(image)}: ${problem ?? ''}`;
}

const MAX_CANDIDATES = 3;

export function credentialsText({ state, candidates }: CredentialsSummary, { from }: PullSecretsSummary): string {
  if (state === 'refused') return 'not pulled: a pull secret is malformed';
  if (state === 'anonymous') return from === 'node' ? 'credentials of the node' : 'anonymous';
  if (state === 'unreadable') return 'not pulled';
  if (state === 'unknown') return 'credentials unknown';
  const listed = candidates.slice(0, MAX_CANDIDATES).map(({ secret, key, username }) => {
    const who = username === '' ? 'no user name, so anonymous' : `user ${shown(username)}`;
    return `${shown(secret)} > ${shown(key)} (${who})`;
  });
  const more = candidates.length - listed.length;
  return `${listed.join(', then ')}${more === 0 ? '' : `, and ${more} more`}`;
}

function imageTrees(images: readonly ImageSummary[]): readonly (readonly string[])[] {
  const rows = images.map((image) => ({ label: 'image', cells: [shown(image.name ?? '(no name)'), imageText(image)] }));
  return aligned(rows).map((line) => [line]);
}

/** Quotes a text that contains other characters than usual names, registries, and user names do. */
export function shown(text: string): string {
  return text === '(no name)' || /^[\w.$:/@+*-]{1,300}$/.test(text) ? text : quoteValue(text);
}

/** A wider cell shifts only the cells to its right. */
const MAX_WIDTH = 72;

/** Aligns the cells in columns. A row with a single cell does not widen a column. */
function aligned(rows: readonly Row[]): readonly string[] {
  const labelWidth = widest(rows.map(({ label }) => label));
  const columns = rows.filter(({ cells }) => cells.length > 1);
  const widths = [0, 1].map((column) => widest(columns.map(({ cells }) => cells[column] ?? '')));
  return rows.map(({ label, cells, ink = (text: string) => text }) => {
    const last = cells.length - 1;
    const parts = cells.map((cell, column) => (column === last ? ink(cell) : cell.padEnd(widths[column] ?? 0)));
    return [label.padEnd(labelWidth), ...parts].join('  ');
  });
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, { length }) => Math.max(width, Math.min(length, MAX_WIDTH)), 0);
}
