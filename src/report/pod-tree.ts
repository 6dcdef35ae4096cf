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
import { shortDigests, wrap, wrapPaths } from './wrap.ts';

/** A line of the tree: a label and cells. */
interface Row {
  readonly label: string;
  readonly cells: readonly string[];
  readonly ink?: ((text: string) => string) | undefined;
  /** Texts on lines of their own, below the second cell, or below the only one. */
  readonly below?: readonly Below[] | undefined;
}

interface Below {
  readonly text: string;
  readonly ink: (text: string) => string;
}

/** `columns` of the terminal; undefined: nothing is wrapped or shortened. */
export function formatWorkload(summary: WorkloadSummary, ink: Paint, columns?: number): string {
  const { apiVersion, kind, namespace, name, pods, otherImages } = summary;
  const title = objectLabel(kind, namespace ?? undefined, name === '' ? '(no name)' : name);
  const [only] = pods;
  if (apiVersion === 'v1' && kind === 'Pod' && only !== undefined)
    return podTree(title, only, { ink, columns }).join('\n');
  const trees = [
    ...pods.map((pod) => podTree('Pod', pod, { ink, columns: columns && columns - BRANCH })),
    ...imageTrees(otherImages, { ink, columns }),
  ];
  const branches = trees.flatMap((tree, index) => branch(tree, index === trees.length - 1));
  return [ink.bold(title), ...branches].join('\n');
}

/** Indents a tree as a branch of another tree. */
function branch(lines: readonly string[], last: boolean): readonly string[] {
  return lines.map((line, index) => `${index === 0 ? (last ? '└─ ' : '├─ ') : last ? '   ' : '│  '}${line}`);
}

const BRANCH = '├─ '.length;

interface TreeOptions {
  readonly ink: Paint;
  readonly columns: number | undefined;
}

function podTree(title: string, pod: PodSummary, { ink, columns }: TreeOptions): readonly string[] {
  const rows = podRows(pod, ink);
  const network = pod.hostNetwork ? 'shares the IP address and ports of the node' : 'one IP address for all containers';
  const lines = aligned(rows, columns && columns - BRANCH).flatMap((row, index) =>
    branch(row, index === rows.length - 1),
  );
  return [`${ink.bold(title)}  ${ink.dim(network)}`, ...lines];
}

function podRows({ ports, volumes, pullSecrets, containers }: PodSummary, ink: Paint): readonly Row[] {
  return [
    ...listRow('ports', ports.map(portText)),
    ...listRow('volumes', volumes.map(volumeText)),
    { label: 'secrets', cells: [secretsText(pullSecrets, addedIn(containers))], below: notesBelow(pullSecrets, ink) },
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

function addedIn(containers: readonly ContainerSummary[]): ReadonlySet<string> {
  return new Set(containers.flatMap(({ addedPullSecrets = [] }) => addedPullSecrets));
}

function notesBelow({ notes = [] }: { readonly notes?: readonly string[] }, ink: Paint): readonly Below[] {
  return notes.map((text) => ({ text, ink: ink.yellow }));
}

/** `added`: by policies. */
export function secretsText(
  { from, serviceAccount, state, reason, secrets }: PullSecretsSummary,
  added: ReadonlySet<string> = NOTHING_ADDED,
): string {
  if (from === 'node') return 'only those of the node: mirror Pods have no pull secrets';
  const account = `ServiceAccount ${shown(serviceAccount)}`;
  if (state === 'none') return `none: ${account} does not exist`;
  if (state === 'unknown') return `unknown: ${reason ?? ''}`;
  const whose = from === 'service-account' ? ` (from ${account})` : '';
  if (secrets.length === 0) return `none${whose}`;
  const texts = secrets
    .slice(0, MAX_LISTED)
    .map((secret) => `${secretText(secret)}${added.has(secret.name) ? ' (added)' : ''}`);
  return `${texts.join(', ')}${whose}`;
}

const NOTHING_ADDED: ReadonlySet<string> = new Set();

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
    below: changesBelow(container, ink),
  };
}

function changesBelow(image: ImageSummary, ink: Paint): readonly Below[] {
  const text = changeText(image);
  return [...(text === undefined ? [] : [{ text, ink: ink.cyan }]), ...notesBelow(image, ink)];
}

/** `instead of nginx:1.27, with pull secret mirror-pull and pull policy Always (by mirror)` */
function changeText(image: ImageSummary): string | undefined {
  const { written, original, policies = [] } = image;
  const settings = settingTexts(image);
  const parts = [
    ...(written ? [`instead of ${shown(written)}`] : original ? [`original ${shown(original)}`] : []),
    ...(settings.length === 0 ? [] : [`with ${settings.join(' and ')}`]),
  ];
  if (parts.length === 0) return undefined;
  const text = parts.join(', ');
  return policies.length === 0 ? text : `${text} (by ${policies.map(shown).join(', ')})`;
}

function settingTexts({ addedPullSecrets = [], setPullPolicy }: ImageSummary): readonly string[] {
  const names = addedPullSecrets.map(shown).join(', ');
  return [
    ...(names === '' ? [] : [`pull secret${addedPullSecrets.length === 1 ? '' : 's'} ${names}`]),
    ...(setPullPolicy ? [`pull policy ${shown(setPullPolicy)}`] : []),
  ];
}

export const KINDS: Readonly<Record<ContainerSummary['kind'], string>> = {
  regular: '',
  init: 'init',
  sidecar: 'sidecar',
  ephemeral: 'ephemeral',
  volume: 'image volume',
};

function imageText({ runtimeRef, image, problem }: ImageSummary): string {
  if (runtimeRef !== null) return referenceText({ image, runtimeRef });
  return `${image === '' ? '(no image)' : quoteValue(image)}: ${problem ?? ''}`;
}

/** An image with a digest is shown as written: the runtime ignores its tag, but the tag says which version it is. */
export function referenceText({ image, runtimeRef }: { readonly image: string; readonly runtimeRef: string }): string {
  return shown(image.includes('@') ? image : runtimeRef);
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

function imageTrees(images: readonly ImageSummary[], { ink, columns }: TreeOptions): readonly (readonly string[])[] {
  const rows = images.map((image) => ({
    label: 'image',
    cells: [shown(image.name ?? '(no name)'), imageText(image)],
    below: changesBelow(image, ink),
  }));
  return aligned(rows, columns && columns - BRANCH);
}

/** Quotes a text that contains other characters than usual names, registries, and user names do. */
export function shown(text: string): string {
  return text === '(no name)' || /^[\w.$:/@+*-]{1,300}$/.test(text) ? text : quoteValue(text);
}

/** A wider cell shifts only the cells to its right. */
const MAX_WIDTH = 72;

/**
 * Aligns the cells in columns, one list of lines per row. A row with a single cell does not widen a column and is wrapped. If a
 * line does not fit, digests are shortened, and then the third cells are below the second ones.
 */
function aligned(rows: readonly Row[], columns: number | undefined): readonly (readonly string[])[] {
  const short = rows.map(withShortDigests);
  const layouts = [rows, short].map((candidates) => layout(candidates, columns));
  const lines = layouts.find((candidate) => fits(candidate, columns)) ?? layout(short.map(withThirdBelow), columns);
  return lines.map((row) => row.map(({ inked }) => inked));
}

function fits(lines: readonly (readonly Line[])[], columns: number | undefined): boolean {
  return columns === undefined || lines.every((row) => row.every(({ plain }) => plain.length <= columns));
}

function withThirdBelow(row: Row): Row {
  const { cells, ink = (text: string) => text, below = [] } = row;
  const [first, second, third] = cells;
  if (first === undefined || second === undefined || third === undefined) return row;
  return { ...row, cells: [first, second], ink: undefined, below: [{ text: third, ink }, ...below] };
}

function withShortDigests(row: Row): Row {
  const { cells, below = [] } = row;
  return {
    ...row,
    cells: cells.map((cell) => shortDigests(cell, 0)),
    below: below.map(({ text, ink }) => ({ text: shortDigests(text, 0), ink })),
  };
}

interface Line {
  readonly plain: string;
  readonly inked: string;
}

function layout(rows: readonly Row[], columns: number | undefined): readonly (readonly Line[])[] {
  const labelWidth = widest(rows.map(({ label }) => label));
  const wide = rows.filter(({ cells }) => cells.length > 1);
  const widths = [0, 1].map((column) => widest(wide.map(({ cells }) => cells[column] ?? '')));
  return rows.map(({ label, cells, ink = (text: string) => text, below = [] }) => {
    const last = cells.at(-1) ?? '';
    const before = cells.slice(0, -1).map((cell, column) => cell.padEnd(widths[column] ?? 0));
    const start = [label.padEnd(labelWidth), ...before, ''].join('  ');
    const room = columns === undefined || before.length > 0 ? undefined : Math.max(columns - start.length, MIN_ROOM);
    const lines = wrap(last, room).map((text, index) =>
      lineOf(index === 0 ? start : ' '.repeat(start.length), text, ink),
    );
    const indent = ' '.repeat([label.padEnd(labelWidth), ...before.slice(0, 1), ''].join('  ').length);
    const width = columns === undefined ? undefined : Math.max(columns - indent.length, MIN_ROOM);
    const more = below.flatMap((one) => wrapPaths(one.text, width).map((text) => lineOf(indent, text, one.ink)));
    return [...lines, ...more];
  });
}

function lineOf(lead: string, text: string, ink: (text: string) => string): Line {
  return { plain: lead + text, inked: lead + ink(text) };
}

const MIN_ROOM = 30;

function widest(texts: readonly string[]): number {
  return texts.reduce((width, { length }) => Math.max(width, Math.min(length, MAX_WIDTH)), 0);
}
